// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.intake.Hello;
import dev.spangard.intake.ModelPeer;
import dev.spangard.intake.ModelPeer.Kind;
import dev.spangard.intake.ModelPeer.Told;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A process's recorder (python/src/spangard/_buffer.py, _link.py), its connection, and what must be in the books of
 * what it has told: it notes the {@link Truth} of its service.
 */
final class ModelRecorder {
    /** What a service's books must say; its recorders know. */
    static final class Truth {
        long seen;
        long received;
        long measured;
        long malformed;
        long droppedByRecorder;
        long lostInConnections;

        void add(Truth other) {
            seen += other.seen;
            received += other.received;
            measured += other.measured;
            malformed += other.malformed;
            droppedByRecorder += other.droppedByRecorder;
            lostInConnections += other.lostInConnections;
        }

        long queuedAtRecorders() {
            return seen - received - droppedByRecorder - lostInConnections;
        }
    }

    /** @param finished among the records */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Frame(byte[] bytes, long seen, long dropped, List<Told> records, long finished, boolean goodbye) {}

    private static final int BUFFER = 30;
    private static final int SOCKET_FRAMES = 3;
    private static final int BATCH = 8;

    private final Random random;
    private final long id;
    final String service;
    // The process's.
    private final List<Told> buffer = new ArrayList<>();
    private final List<Long> running = new ArrayList<>();
    private long spans;
    private long taken;
    private long dropped;
    private long sent;
    private @Nullable Frame pending;
    // The connection's.
    private final Queue<Frame> socket = new ArrayDeque<>();
    private @Nullable ModelPeer peer;
    private @Nullable ModelService joined;
    private final Set<Long> open = new LinkedHashSet<>();
    private boolean isGone;
    // What the engine's ledger must have.
    private Truth truth;
    private long lineSeen;
    private long lineDropped;
    private long lineRead;

    ModelRecorder(Random random, String service, Truth truth) {
        this.random = random;
        this.id = random.nextLong(1L << 40, Long.MAX_VALUE);
        this.service = service;
        this.truth = truth;
    }

    /** Requests begin and end, as many as come in a moment. */
    void serve() {
        for (int n = random.nextInt(12); n >= 0 && !isGone; n--) {
            int kind = random.nextInt(20);
            if (kind == 0) {
                running.add(++spans);
                note(new Told(Kind.OPEN, spans));
            } else if (kind == 1 && !running.isEmpty()) {
                note(new Told(Kind.SAMPLED, running.removeLast()));
            } else {
                Kind of = kind == 2 ? Kind.MALFORMED : kind < 6 ? Kind.UNSAMPLED : Kind.SAMPLED;
                note(new Told(of, ++spans));
            }
        }
    }

    private void note(Told record) {
        if (buffer.size() < BUFFER) {
            buffer.add(record);
        } else if (record.finished()) {
            dropped++;
        }
    }

    /** Writes what the socket takes. */
    void flush() {
        while (peer != null && !isGone && socket.size() < SOCKET_FRAMES && (pending != null || !buffer.isEmpty())) {
            Frame frame = pending == null ? frame() : pending;
            pending = null;
            if (random.nextInt(8) == 0) {
                pending = frame; // begun, and not wholly written
                return;
            }
            sent += frame.finished;
            socket.add(frame);
        }
    }

    private Frame frame() {
        List<Told> records = new ArrayList<>(buffer.subList(0, Math.min(BATCH, buffer.size())));
        buffer.subList(0, records.size()).clear();
        long finished = records.stream().filter(Told::finished).count();
        taken += finished;
        long seen = taken + dropped;
        return new Frame(ModelPeer.batch(seen, dropped, records), seen, dropped, records, finished, false);
    }

    boolean isConnected() {
        return peer != null;
    }

    boolean isGone() {
        return isGone && peer == null;
    }

    /** Says HELLO; without effect if the engine has too many services. */
    void connect(ModelEngine engine, Truth of) {
        ModelService found = engine.join(service);
        if (found == null) {
            return;
        }
        truth = of;
        joined = found;
        Hello hello = ModelPeer.plainHello(id, sent, taken + dropped, dropped);
        told(hello.seen(), hello.dropped());
        lost(sent - lineRead);
        peer = new ModelPeer(engine.ledger, engine.ids, found.service, hello, false);
    }

    /** The engine reads a frame, if there is one; the end, if there will be none. */
    void isRead(ModelEngine engine) {
        ModelPeer reading = peer;
        if (reading == null) {
            return;
        }
        Frame frame = socket.poll();
        if (frame == null) {
            if (isGone) {
                ends(engine, true);
            }
            return;
        }
        engine.fails = random.nextInt(30) == 0;
        long failures = engine.failures;
        told(frame.seen, frame.dropped);
        frame.records.forEach(this::read);
        if (frame.goodbye) {
            truth.seen += open.size();
            truth.received += open.size();
            open.clear();
        }
        reading.frame(frame.bytes);
        engine.fails = false;
        truth.malformed += engine.failures - failures;
        if (frame.goodbye) {
            lost(unread());
            ends(engine, false);
        }
    }

    private void read(Told record) {
        if (!record.finished()) {
            open.add(record.spanId());
            return;
        }
        open.remove(record.spanId());
        long untold = 1 - unread();
        truth.seen += Math.max(0, untold);
        lineSeen += Math.max(0, untold);
        lineRead++;
        truth.received++;
        truth.measured += record.kind() == Kind.UNSAMPLED ? 1 : 0;
        truth.malformed += record.kind() == Kind.MALFORMED ? 1 : 0;
    }

    private void told(long seen, long droppedSoFar) {
        truth.seen += Math.max(0, seen - lineSeen);
        lineSeen = Math.max(lineSeen, seen);
        truth.droppedByRecorder += Math.max(0, droppedSoFar - lineDropped);
        lineDropped = Math.max(lineDropped, droppedSoFar);
    }

    private void lost(long requests) {
        long lost = Math.clamp(requests, 0, Math.max(0, unread()));
        lineRead += lost;
        truth.lostInConnections += lost;
    }

    private long unread() {
        return lineSeen - lineRead - lineDropped;
    }

    /** The connection breaks; the engine reads what is in it, and takes the process for dead. */
    void breaks(ModelEngine engine) {
        while (peer != null && !socket.isEmpty()) {
            isRead(engine);
        }
        ends(engine, true);
    }

    private void ends(ModelEngine engine, boolean died) {
        ModelPeer ended = peer;
        ModelService left = joined;
        if (ended == null || left == null) {
            return;
        }
        peer = null;
        joined = null;
        long failures = engine.failures;
        if (died) {
            truth.seen += open.size();
            truth.received += open.size();
            engine.fails = !open.isEmpty() && random.nextInt(4) == 0;
        }
        open.clear();
        ended.end(died);
        engine.fails = false;
        truth.malformed += engine.failures - failures;
        engine.leave(left);
    }

    /** The process ends; what it could not write is lost, and perhaps told. */
    void exits(boolean inGoodOrder) {
        if (isGone) {
            return;
        }
        isGone = true;
        boolean saysGoodbye = pending == null || random.nextInt(4) == 0;
        if (inGoodOrder && peer != null && socket.size() < SOCKET_FRAMES && saysGoodbye) {
            dropped += buffer.stream().filter(Told::finished).count();
            long seen = taken + dropped;
            socket.add(new Frame(ModelPeer.goodbye(seen, dropped), seen, dropped, List.of(), 0, true));
        }
        buffer.clear();
        pending = null;
    }

    /** What was in its socket dies with the engine. */
    void losesItsEngine() {
        socket.clear();
        open.clear();
        peer = null;
        joined = null;
    }

    /** The engine ends in good order, and reads so many frames before. */
    void isLeft(ModelEngine engine, int frames) {
        for (int i = 0; i < frames && !socket.isEmpty(); i++) {
            isRead(engine);
        }
        ends(engine, false);
        socket.clear();
    }

    /** Its service was forgotten: what it told and nobody read is lost. */
    void settle() {
        lost(unread());
    }
}
