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

class ConsoleTest {
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
        try (var console = new Console(false)) {
            console.joined(made("a"));
            console.write("é\n");
            console.write("last\n");
        }
        assertThat(content("a")).isEqualTo("é\nlast\n");
    }

    @Test
    void opensAtOnceSoThatAProcessMayHaveEndedBeforeThereIsSomethingToWrite() throws Exception {
        try (var console = new Console(false)) {
            ProcessOutput process = made("a");
            console.joined(process);
            console.left(process);
            Files.move(directory.resolve("a"), directory.resolve("b"));
            console.write("late\n");
        }
        assertThat(content("b")).isEqualTo("late\n");
    }

    @Test
    void opensOneOutputOfManyRecorders() throws Exception {
        try (var console = new Console(false)) {
            console.joined(made("a"));
            console.joined(made("b"));
            console.write("x");
        }
        assertThat(opened).hasSize(1);
        assertThat(content("a")).isEqualTo("x");
    }

    @Test
    void makesNoFileAndComplainsOnce() throws Exception {
        try (var console = new Console(false);
                var log = CapturedLog.of("spangard.engine")) {
            console.joined(file("missing"));
            assertThatThrownBy(() -> console.write("x")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> console.write("x")).isInstanceOf(IOException.class);
            assertThat(log.lines()).hasSize(1).first().asString().contains("nothing is printed");
        }
        assertThat(directory.resolve("missing")).doesNotExist();
    }

    @Test
    void goesOnWithAnotherRecordersOutputWhenOneFails() throws Exception {
        try (var console = new Console(false);
                var log = CapturedLog.of("spangard.engine")) {
            console.joined(() -> new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new IOException("Broken pipe");
                }
            });
            console.joined(made("b"));
            console.write("x");
            assertThat(log.lines()).isEmpty();
        }
        assertThat(content("b")).isEqualTo("x");
    }

    @Test
    void writesWhereSomebodyIsOnceItsOwnRecorderHasGone() throws Exception {
        try (var console = new Console(false)) {
            ProcessOutput first = made("a");
            console.joined(first);
            console.joined(made("b"));
            console.write("1");
            console.left(first);
            console.write("2");
        }
        assertThat(content("a") + ' ' + content("b")).isEqualTo("1 2");
    }

    @Test
    void aReleasedConsoleIsQuietlyClosedUntilTheApplicationComesBack() throws Exception {
        ProcessOutput process = made("a");
        try (var console = new Console(false);
                var log = CapturedLog.of("spangard.engine")) {
            console.joined(process);
            console.write("a\n");
            console.left(process);
            console.release();
            assertThatThrownBy(() -> console.write("b\n")).isInstanceOf(IOException.class);
            assertThat(log.lines()).isEmpty();

            console.joined(process);
            console.write("c\n");
        }
        assertThat(content("a")).isEqualTo("a\nc\n");
    }

    /** As {@code --reload} meets it: the new process joins while the old one's output is let go of. */
    @Test
    void aRecorderThatJoinsWhileItIsReleasedGoesOnPrinting() throws Exception {
        ProcessOutput old = made("a");
        try (var console = new Console(false)) {
            console.joined(old);
            console.write("1");
            console.left(old);
            console.joined(made("b"));
            console.release();
            console.write("2");
        }
        assertThat(content("a") + ' ' + content("b")).isEqualTo("1 2");
    }

    /** Everybody waits for the other: the writer is in the middle of a write when recorders leave, join and leave again. */
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
        try (var console = new Console(false)) {
            console.joined(slow);
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    console.write("x");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            begun.await();
            console.left(slow);
            console.release();
            assertThat(closed).isFalse();
            goOn.countDown();
            writer.join();
            assertThat(closed).isTrue();
        }
    }
}
