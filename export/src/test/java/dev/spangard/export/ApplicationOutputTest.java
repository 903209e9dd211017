// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.books.ProcessOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApplicationOutputTest {
    @TempDir
    Path directory;

    private final List<OutputStream> opened = new ArrayList<>();

    private ProcessOutput file(String name) {
        return () -> {
            OutputStream out = Files.newOutputStream(directory.resolve(name), StandardOpenOption.APPEND);
            opened.add(out);
            return out;
        };
    }

    private ProcessOutput made(String name) throws IOException {
        Files.createFile(directory.resolve(name));
        return file(name);
    }

    private String content(String name) throws IOException {
        return Files.readString(directory.resolve(name));
    }

    @Test
    void writesToTheOutputOfWhoIsThere() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false)) {
            applicationOutput.joined(made("a"));
            applicationOutput.write("é\n");
            applicationOutput.write("last\n");
        }
        assertThat(content("a")).isEqualTo("é\nlast\n");
    }

    @Test
    void opensAtOnceSoThatAProcessMayHaveEndedBeforeThereIsSomethingToWrite() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false)) {
            ProcessOutput process = made("a");
            applicationOutput.joined(process);
            applicationOutput.left(process);
            Files.move(directory.resolve("a"), directory.resolve("b"));
            applicationOutput.write("late\n");
        }
        assertThat(content("b")).isEqualTo("late\n");
    }

    @Test
    void opensOneOutputOfManyRecorders() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false)) {
            applicationOutput.joined(made("a"));
            applicationOutput.joined(made("b"));
            applicationOutput.write("x");
        }
        assertThat(opened).hasSize(1);
        assertThat(content("a")).isEqualTo("x");
    }

    @Test
    void makesNoFileAndComplainsOnce() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false);
                var log = CapturedLog.of("spangard.engine")) {
            applicationOutput.joined(file("missing"));
            assertThatThrownBy(() -> applicationOutput.write("x")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> applicationOutput.write("x")).isInstanceOf(IOException.class);
            assertThat(log.lines()).hasSize(1).first().asString().contains("nothing is printed");
        }
        assertThat(directory.resolve("missing")).doesNotExist();
    }

    @Test
    void goesOnWithAnotherRecordersOutputWhenOneFails() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false);
                var log = CapturedLog.of("spangard.engine")) {
            applicationOutput.joined(() -> new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new IOException("Broken pipe");
                }
            });
            applicationOutput.joined(made("b"));
            applicationOutput.write("x");
            assertThat(log.lines()).isEmpty();
        }
        assertThat(content("b")).isEqualTo("x");
    }

    @Test
    void writesWhereSomebodyIsOnceItsOwnRecorderHasGone() throws Exception {
        try (var applicationOutput = new ApplicationOutput(false)) {
            ProcessOutput first = made("a");
            applicationOutput.joined(first);
            applicationOutput.joined(made("b"));
            applicationOutput.write("1");
            applicationOutput.left(first);
            applicationOutput.write("2");
        }
        assertThat(content("a") + ' ' + content("b")).isEqualTo("1 2");
    }

    @Test
    void aReleasedConsoleIsQuietlyClosedUntilTheApplicationComesBack() throws Exception {
        ProcessOutput process = made("a");
        try (var applicationOutput = new ApplicationOutput(false);
                var log = CapturedLog.of("spangard.engine")) {
            applicationOutput.joined(process);
            applicationOutput.write("a\n");
            applicationOutput.left(process);
            applicationOutput.release();
            assertThatThrownBy(() -> applicationOutput.write("b\n")).isInstanceOf(IOException.class);
            assertThat(log.lines()).isEmpty();

            applicationOutput.joined(process);
            applicationOutput.write("c\n");
        }
        assertThat(content("a")).isEqualTo("a\nc\n");
    }

    /** As {@code --reload} meets it: the new process joins while the old one's output is let go of. */
    @Test
    void aRecorderThatJoinsWhileItIsReleasedGoesOnPrinting() throws Exception {
        ProcessOutput old = made("a");
        try (var applicationOutput = new ApplicationOutput(false)) {
            applicationOutput.joined(old);
            applicationOutput.write("1");
            applicationOutput.left(old);
            applicationOutput.joined(made("b"));
            applicationOutput.release();
            applicationOutput.write("2");
        }
        assertThat(content("a") + ' ' + content("b")).isEqualTo("1 2");
    }

    /**
     * Everybody waits for the other: the writer is in the middle of a write when recorders leave, join and leave again.
     */
    @Test
    void isReleasedByTheWriterWhereOneIsInTheMiddleOfAWrite() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var closed = new AtomicBoolean();
        ProcessOutput slow = () -> new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                begun.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }

            @Override
            public void close() {
                closed.set(true);
            }
        };
        try (var applicationOutput = new ApplicationOutput(false)) {
            applicationOutput.joined(slow);
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    applicationOutput.write("x");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            begun.await();
            applicationOutput.left(slow);
            applicationOutput.release();
            assertThat(closed).isFalse();
            goOn.countDown();
            writer.join();
            assertThat(closed).isTrue();
        }
    }
}
