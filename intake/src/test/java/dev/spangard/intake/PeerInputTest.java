// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A connection that another thread ends: what has arrived is read first. */
@Timeout(30)
final class PeerInputTest {
    private final SocketChannel recorder;
    private final SocketChannel engine;
    private final PeerInput input;

    PeerInputTest(@TempDir Path directory) throws IOException {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(address);
            recorder = SocketChannel.open(address);
            engine = listening.accept();
        }
        input = new PeerInput(engine);
    }

    @AfterEach
    void closes() throws IOException {
        engine.close();
        input.close();
        recorder.close();
    }

    private void sends(int bytes) throws IOException {
        recorder.write(ByteBuffer.allocate(bytes));
    }

    private int read() throws IOException {
        return input.read(ByteBuffer.allocate(100));
    }

    /** On a thread of its own, begun. */
    private static <T> FutureTask<T> meanwhile(Callable<T> task) throws InterruptedException {
        var begun = new CountDownLatch(1);
        var result = new FutureTask<T>(() -> {
            begun.countDown();
            return task.call();
        });
        Thread.ofPlatform().daemon().start(result);
        begun.await();
        return result;
    }

    @Test
    void readsWhatIsThereAndThenTheEnd() throws Exception {
        input.open();
        sends(3);
        assertThat(read()).isEqualTo(3);
        recorder.close();
        assertThat(read()).isEqualTo(-1);
    }

    @Test
    void readsWhatArrivedBeforeItWasToEnd() throws Exception {
        input.open();
        sends(100);
        sends(7);
        input.end();
        assertThat(read()).isEqualTo(100);
        assertThat(read()).isEqualTo(7);
        assertThat(read()).isEqualTo(-1);
    }

    @Test
    void readsWhatArrivedAlsoIfItWasToEndBeforeItsThreadBegan() throws Exception {
        sends(5);
        input.end();
        input.open();
        assertThat(read()).isEqualTo(5);
        assertThat(read()).isEqualTo(-1);
    }

    @Test
    void endsAWaitForBytesThatDoNotCome() throws Exception {
        input.open();
        FutureTask<Integer> reading = meanwhile(this::read);
        input.end();
        assertThat(reading.get(20, TimeUnit.SECONDS)).isEqualTo(-1);
    }

    @Test
    void closingEndsAWaitForBytes() throws Exception {
        input.open();
        FutureTask<Integer> reading = meanwhile(this::read);
        engine.close();
        input.close();
        assertThatThrownBy(() -> reading.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void isNotReadBeforeItIsOpened() {
        assertThatThrownBy(() -> read()).isInstanceOf(ClosedChannelException.class);
    }
}
