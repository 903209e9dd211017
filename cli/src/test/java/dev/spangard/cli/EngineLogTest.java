// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class EngineLogTest {
    @Test
    void aRecordIsOneLineWhateverIsInIt() {
        var record = new LogRecord(Level.WARNING, "unused");
        record.setInstant(Instant.ofEpochSecond(1_700_000_000));
        record.setThrown(new UncheckedIOException("a\nb", new IOException("c\u001b[2J")));

        assertThat(EngineLog.line(record, "it\nfailed"))
                .isEqualTo("2023-11-14T22:13:20.000Z WARN  it\\x0afailed: java.io.UncheckedIOException: a\\x0ab"
                        + ": java.io.IOException: c\\x1b[2J");
    }
}
