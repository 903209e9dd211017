// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.wire.FrameAssembler;
import dev.spangard.wire.MarshalReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The other end of the socket, driven by hand. */
final class Recorder implements Closeable {
    private final SocketChannel channel;
    private final FrameAssembler frames = new FrameAssembler();
    private final MarshalReader reader = new MarshalReader();

    Recorder(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
    }

    /** One that has been welcomed. */
    static Recorder welcomed(Path socket, long recorderId) throws IOException {
        return welcomed(socket, Frames.hello(recorderId, 0, 0, 0));
    }

    static Recorder welcomed(Path socket, byte[] hello) throws IOException {
        Recorder recorder = new Recorder(socket);
        recorder.send(hello);
        MarshalReader answer = recorder.answered();
        answer.tuple();
        assertThat(answer.int32()).isEqualTo(16);
        assertThat(answer.int32()).isEqualTo(Hello.VERSION);
        return recorder;
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** The engine's next frame; null if it has closed the connection. */
    @Nullable
    MarshalReader answer() throws IOException {
        while (!frames.next(reader)) {
            if (channel.read(frames.space()) < 0) {
                return null;
            }
        }
        return reader;
    }

    private MarshalReader answered() throws IOException {
        MarshalReader answer = answer();
        if (answer == null) {
            throw new AssertionError("the engine closed the connection");
        }
        return answer;
    }

    /** What the engine says when it refuses: why, and after how many seconds it is of use to ask again. */
    record Refused(String reason, int againSeconds) {}

    Refused refused() throws IOException {
        MarshalReader answer = answered();
        assertThat(answer.tuple()).isEqualTo(3);
        assertThat(answer.int32()).isEqualTo(17);
        return new Refused(answer.str(), answer.int32());
    }

    /** The sentence with which the engine refuses. */
    String refusal() throws IOException {
        return refused().reason();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
