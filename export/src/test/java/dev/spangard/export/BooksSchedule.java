// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.DropReason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One random schedule of everything that keeps books or is booked in them: recorders, services, collectors, engines.
 * After every step {@link BooksCheck} holds the books against what has happened.
 */
final class BooksSchedule {
    private static final int STEPS = 120;
    /** So many that the ledger forgets some. */
    private static final int MANY_SERVICES = 560;
    /** How many frames write all that a recorder holds. */
    private static final int ENOUGH = 40;
    /** How many of a thousand schedules have many services. */
    private static final int WITH_MANY = 5;

    /** Bytes that are enough; soon full; room for one batch or none, so that others go to the collector without it. */
    private static final long[] SPOOL_BYTES = {1 << 20, 6 << 10, 1 << 10};

    private final Path directory;
    private final Random random;
    private final TestAgenda.Clock clock = new TestAgenda.Clock();
    private final ModelCollector collector;
    private final List<ModelRecorder> recorders = new ArrayList<>();
    private final BooksCheck check;
    private final HostilePeers hostiles;
    private final boolean isHostile;
    private final boolean changesSpool;
    private final boolean hasMany;
    private final long spoolBytes;
    private long spoolNow;

    private @Nullable ModelEngine engine;
    private boolean isStalled;
    private int services = 4;

    BooksSchedule(Path directory, long seed) {
        this.directory = directory;
        // Random's first numbers of neighbouring seeds are alike.
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.collector = new ModelCollector(random);
        this.isHostile = random.nextInt(4) == 0;
        this.hasMany = random.nextInt(1000) < WITH_MANY;
        this.changesSpool = random.nextInt(5) == 0;
        this.spoolBytes = SPOOL_BYTES[random.nextInt(SPOOL_BYTES.length)];
        this.spoolNow = random.nextBoolean() ? spoolBytes : 0;
        this.check = new BooksCheck(recorders, isHostile, hasMany, changesSpool);
        this.hostiles = new HostilePeers(random, check);
    }

    void run() throws IOException {
        start();
        for (int step = 0; step < STEPS; step++) {
            step();
            look();
        }
        if (hasMany) {
            comeAndGo();
            if (random.nextBoolean()) {
                kill();
            }
        }
        settle();
    }

    private void step() throws IOException {
        ModelEngine running = engine;
        if (running == null) {
            if (random.nextInt(4) == 0) {
                start();
            } else {
                recorder().serve();
            }
            return;
        }
        switch (random.nextInt(40)) {
            case 0 -> kill();
            case 1 -> stop();
            case 2 -> isStalled = !isStalled;
            case 3, 4 -> collector.changeMood();
            case 5, 6 -> collector.answerLate();
            case 7 -> recorder().exits(random.nextBoolean());
            case 8 -> recorder().breaks(running);
            case 9 -> {
                if (random.nextBoolean()) {
                    running.closeUnused();
                } else {
                    check.forgetsLost(running);
                }
            }
            case 10, 11 -> running.advance(Duration.ofSeconds(random.nextInt(60)));
            case 12, 13, 14 -> running.advance(Duration.ofMillis(random.nextInt(2000)));
            case 15, 16 -> {
                if (isHostile) {
                    hostiles.harass(running);
                }
            }
            case 17, 18, 19, 20, 21 -> connect(running, recorder());
            case 22, 23, 24, 25, 26 -> running.runOne();
            case 27, 28, 29, 30 -> read(running, recorder());
            default -> {
                services += random.nextInt(8) == 0 ? 1 : 0;
                ModelRecorder busy = recorder();
                busy.serve();
                busy.flush();
                read(running, busy);
            }
        }
    }

    private void read(ModelEngine running, ModelRecorder recorder) {
        if (!isStalled) {
            recorder.isRead(running);
        }
    }

    /** A recorder, one of a few, now and then a new one. */
    private ModelRecorder recorder() {
        recorders.removeIf(ModelRecorder::isGone);
        if (recorders.size() < 3 || (recorders.size() < 8 && random.nextInt(10) == 0)) {
            String service = "service " + random.nextInt(Math.max(0, services - 6), services);
            recorders.add(new ModelRecorder(random, service, check.truth(service)));
        }
        return recorders.get(random.nextInt(recorders.size()));
    }

    private void connect(ModelEngine running, ModelRecorder recorder) {
        if (!recorder.isConnected() && !recorder.isGone()) {
            check.connects(recorder.service);
            recorder.connect(running, check.truth(recorder.service));
        }
    }

    private void start() throws IOException {
        if (changesSpool && random.nextInt(3) == 0) {
            spoolNow = spoolNow == 0 ? spoolBytes : 0;
            check.spoolChanges();
        }
        engine = new ModelEngine(directory, random, clock, collector, spoolNow);
        isStalled = false;
        check.engineStarts();
    }

    private void kill() throws IOException {
        ModelEngine killed = engine;
        if (killed != null) {
            recorders.forEach(ModelRecorder::losesItsEngine);
            hostiles.die();
            check.killed(killed);
            killed.kill();
            collector.forget();
            engine = null;
        }
    }

    private void stop() throws IOException {
        ModelEngine ending = engine;
        if (ending == null) {
            return;
        }
        for (ModelRecorder recorder : recorders) {
            if (random.nextInt(3) > 0) {
                recorder.isLeft(ending, isStalled ? 0 : random.nextInt(4));
            }
        }
        // Some are read while it closes: what ends then is lost by the shutdown, and no queue is full.
        hostiles.leave();
        ending.beginStop();
        long full = fullQueues(ending);
        recorders.forEach(recorder -> recorder.isLeft(ending, random.nextInt(4)));
        assertThat(fullQueues(ending))
                .as("spans that end while the engine does")
                .isEqualTo(full);
        look();
        ending.stop();
        look();
        check.ended(ending);
        ending.release();
        assertThat(ending.held()).as("memory of spans that are gone").isZero();
        engine = null;
    }

    private static long fullQueues(ModelEngine of) {
        return of.books.balances().stream()
                .mapToLong(named -> named.requests().dropped(DropReason.QUEUE))
                .sum();
    }

    /** Has more services come and go, one after the other, than the ledger remembers. */
    private void comeAndGo() throws IOException {
        for (int i = 0; i < MANY_SERVICES; i++) {
            if (engine == null) {
                start();
            }
            ModelEngine running = engine;
            if (running == null) {
                return;
            }
            String service = "passing " + i;
            var passing = new ModelRecorder(random, service, check.truth(service));
            recorders.add(passing);
            passing.serve();
            passing.connect(running, check.truth(service));
            passing.flush();
            passing.exits(random.nextInt(5) > 0);
            while (passing.isConnected()) {
                passing.isRead(running);
            }
            if (i % 40 == 39) {
                running.advance(Duration.ofSeconds(31));
                running.closeUnused();
                running.advance(Duration.ofSeconds(6));
                look();
            }
        }
    }

    /** Has everything told, delivered and closed; then all books there are must say what happened. */
    private void settle() throws IOException {
        if (engine == null) {
            start();
        }
        ModelEngine last = engine;
        if (last == null) {
            return;
        }
        isStalled = false;
        collector.recover();
        for (ModelRecorder recorder : recorders) {
            connect(last, recorder);
            for (int i = 0; i < ENOUGH; i++) {
                recorder.flush();
                recorder.isRead(last);
            }
            recorder.exits(true);
            while (recorder.isConnected()) {
                recorder.isRead(last);
            }
        }
        hostiles.leave();
        last.advance(Duration.ofSeconds(90));
        look();
        last.beginStop();
        last.stop();
        look();
        check.ended(last);
        last.release();
        assertThat(last.held()).as("memory of spans that are gone").isZero();
        engine = null;

        var reader = new ModelEngine(directory, random, clock, collector, spoolNow);
        check.agreesInTheEnd(reader);
        reader.kill();
    }

    private void look() {
        if (engine != null) {
            check.agrees(engine);
        }
    }
}
