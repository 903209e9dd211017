// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

final class FailureMessageTest {
    @Test
    void tellsAnUnknownHostFromOneThatDoesNotListen() {
        // as the JDK's HTTP client nests them
        assertThat(of(new ConnectException()
                        .initCause(new ConnectException().initCause(new UnresolvedAddressException()))))
                .isEqualTo("its host name is not known");
        assertThat(of(new UnknownHostException("no-such-host.invalid"))).isEqualTo("its host name is not known");
        assertThat(of(new ConnectException().initCause(new ConnectException("Connection refused"))))
                .isEqualTo("nobody listens there");
        assertThat(of(new IOException(new ConnectException("Connection refused"))))
                .isEqualTo("nobody listens there");
    }

    @Test
    void tellsWhatElseWentWrong() {
        assertThat(of(new HttpTimeoutException("request timed out"))).isEqualTo("no answer within 1500 ms");
        assertThat(of(new SSLHandshakeException("no path"))).isEqualTo("TLS failed: no path");
        assertThat(of(new IOException("HTTP/1.1 header parser received no bytes", new IOException("reset"))))
                .isEqualTo("reset");
        assertThat(of(new IOException())).isEqualTo("IOException");
    }

    private static String of(Throwable failure) {
        return FailureMessage.of(new CompletionException(failure), Duration.ofMillis(1500));
    }
}
