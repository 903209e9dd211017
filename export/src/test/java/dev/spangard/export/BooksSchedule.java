// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ModelRecorder.Truth;
import dev.spangard.intake.ModelPeer;
import dev.spangard.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** One random schedule of everything that keeps books or is told in them, looked at after every step. */
final class BooksSchedule {
    private static final int STEPS = 120;
    /** As many as make the ledger forget. */
    private static final int MANY_SERVICES = 560;
    /** Frames to write all that a recorder holds. */
    private static final int ENOUGH = 40;
    /** Of a thousand schedules. */
    private static final int WITH_MANY = 5;

    /** Enough; soon full; room for one batch or none, so that others go to the collector without it. */
    private static final long[] SPOOL_BYTES = {1 << 20, 6 << 10, 1 << 10};

    private static final long[] ODD_COUNTS = {
        -1, 0, 1, 5, 1000, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 1, 1L << 62, 1L << 32
    };

    /** The row without a name. */
    private static final String OTHERS = "";

    private final Path directory;
    private final Random random;
    private final TestAgenda.Clock clock = new TestAgenda.Clock();
    private final ModelCollector collector;
    private final List<ModelRecorder> recorders = new ArrayList<>();
    private final Map<String, Truth> truths = new LinkedHashMap<>();
    private final Set<String> everUsed = new HashSet<>();
    private final Truth forgotten = new Truth();
    private final Set<String> forgottenKeys = new HashSet<>();
    private final List<Hostile> hostiles = new ArrayList<>();
    private final boolean isHostile;
    private final boolean changesSpool;
    private final boolean hasMany;
    private final long spoolBytes;
    private long spoolNow;
    /** Whether it is known whose the requests in the spool are. */
    private boolean knowsSpool = true;

    private @Nullable ModelEngine engine;
    private boolean isStalled;
    private int services = 4;
    /** What this engine told last. */
    private final Map<String, Balance> before = new HashMap<>();

    /** Connected. */
    private record Hostile(ModelEngine in, ModelPeer peer, ModelEngine.Live live) {}

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
            case 9 -> running.closeUnused();
            case 10, 11 -> pass(running, Duration.ofSeconds(random.nextInt(60)));
            case 12, 13, 14 -> pass(running, Duration.ofMillis(random.nextInt(2000)));
            case 15, 16 -> harass(running);
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

    private static void pass(ModelEngine running, Duration time) {
        running.advance(time);
    }

    private void read(ModelEngine running, ModelRecorder recorder) {
        if (!isStalled) {
            recorder.isRead(running);
        }
    }

    /** One of a few, now and then a new one. */
    private ModelRecorder recorder() {
        recorders.removeIf(ModelRecorder::isGone);
        if (recorders.size() < 3 || (recorders.size() < 8 && random.nextInt(10) == 0)) {
            String service = "service " + random.nextInt(Math.max(0, services - 6), services);
            recorders.add(new ModelRecorder(random, service, truth(service)));
        }
        return recorders.get(random.nextInt(recorders.size()));
    }

    private Truth truth(String service) {
        everUsed.add(service);
        return truths.computeIfAbsent(service, made -> new Truth());
    }

    private void connect(ModelEngine running, ModelRecorder recorder) {
        if (!recorder.isConnected() && !recorder.isGone()) {
            knowsSpool &= !forgottenKeys.contains(recorder.service);
            recorder.connect(running, truth(recorder.service));
        }
    }

    private void start() throws IOException {
        if (changesSpool && random.nextInt(3) == 0) {
            spoolNow = spoolNow == 0 ? spoolBytes : 0;
            knowsSpool = false;
        }
        engine = new ModelEngine(directory, random, clock, collector, spoolNow);
        isStalled = false;
        before.clear();
    }

    private void kill() throws IOException {
        ModelEngine killed = engine;
        if (killed != null) {
            recorders.forEach(ModelRecorder::losesItsEngine);
            hostiles.clear();
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
        hostiles.forEach(this::leaves);
        hostiles.clear();
        ending.beginStop();
        long full = fullQueues(ending);
        recorders.forEach(recorder -> recorder.isLeft(ending, random.nextInt(4)));
        assertThat(fullQueues(ending))
                .as("spans that end while the engine does")
                .isEqualTo(full);
        look();
        ending.stop();
        look();
        ending.release();
        assertThat(ending.held()).as("memory of spans that are gone").isZero();
        engine = null;
    }

    private static long fullQueues(ModelEngine of) {
        return of.books.balances().stream()
                .mapToLong(told -> told.balance().dropped(DropReason.QUEUE))
                .sum();
    }

    /** A peer that tells nonsense, for a service of its own. */
    private void harass(ModelEngine running) {
        if (!isHostile) {
            return;
        }
        if (hostiles.size() > 2) {
            leaves(hostiles.removeFirst());
        }
        String service = "hostile " + random.nextInt(3);
        everUsed.add(service);
        ModelPeer peer;
        ModelEngine.Live live;
        try {
            var hello = ModelPeer.hello(random.nextInt(4), odd(), odd(), odd());
            live = running.join(service);
            if (live == null) {
                return;
            }
            peer = new ModelPeer(running.ledger, running.ids, live.service, hello, random.nextBoolean());
        } catch (MalformedException e) {
            return;
        }
        boolean goesOn = true;
        for (int i = random.nextInt(5); i > 0 && goesOn; i--) {
            var records = List.of(
                    new ModelPeer.Told(ModelPeer.Kind.SAMPLED, random.nextLong(1, 9)),
                    new ModelPeer.Told(ModelPeer.Kind.OPEN, random.nextLong(1, 9)));
            boolean isLast = random.nextInt(5) == 0;
            goesOn = peer.frame(isLast ? ModelPeer.goodbye(odd(), odd()) : ModelPeer.batch(odd(), odd(), records))
                    && !peer.saidGoodbye();
        }
        var hostile = new Hostile(running, peer, live);
        if (goesOn && random.nextBoolean()) {
            hostiles.add(hostile);
        } else {
            leaves(hostile);
        }
    }

    private void leaves(Hostile hostile) {
        hostile.peer.end(!hostile.peer.saidGoodbye() && random.nextBoolean());
        hostile.in.leave(hostile.live);
    }

    private long odd() {
        return ODD_COUNTS[random.nextInt(ODD_COUNTS.length)];
    }

    /** More services, one after the other, than the ledger remembers. */
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
            var passing = new ModelRecorder(random, service, truth(service));
            recorders.add(passing);
            passing.serve();
            passing.connect(running, truth(service));
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

    /** Everything is told, delivered, closed; then all books there are must say what happened. */
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
        hostiles.forEach(this::leaves);
        hostiles.clear();
        last.advance(Duration.ofSeconds(90));
        look();
        last.beginStop();
        last.stop();
        look();
        last.release();
        assertThat(last.held()).as("memory of spans that are gone").isZero();
        engine = null;

        var reader = new ModelEngine(directory, random, clock, collector, spoolNow);
        Truth all = new Truth();
        truths.values().forEach(all::add);
        all.add(forgotten);
        List<Balance> balances = new ArrayList<>(List.of(reader.ledger.others().balance()));
        for (String service : everUsed) {
            Digest key = Digest.of(service);
            long inSpool = reader.spool == null ? 0 : reader.spool.requests(key);
            ServiceAccounts accounts = reader.ledger.ofSpool(key, inSpool);
            if (accounts != reader.ledger.others()) {
                balances.add(accounts.balance());
            }
        }
        if (!isHostile) {
            assertThat(sum(balances, Balance::seen)).as("seen").isEqualTo(all.seen);
            assertThat(sum(balances, Balance::received)).as("received").isEqualTo(all.received);
            assertThat(sum(balances, Balance::measured)).as("measured").isEqualTo(all.measured);
            // What was told and not read is lost when a slot that is needed is of a service that has not come back.
            assertThat(sum(balances, Balance::queuedAtRecorders)
                            + sum(balances, balance -> balance.dropped(DropReason.CONNECTION)))
                    .as("queued at recorders, or lost in connections")
                    .isEqualTo(all.queuedAtRecorders() + all.lostInConnections);
        }
        if (!changesSpool && !isHostile) {
            assertThat(sum(balances, Balance::queuedInEngine))
                    .as("queued in the engine, once all is over: " + balances)
                    .isEqualTo(reader.inSpool());
        }
        reader.kill();
    }

    private static long sum(List<Balance> balances, ToLongFunction<Balance> value) {
        return balances.stream().mapToLong(value).sum();
    }

    /** What is told now is right, and no less than it was. */
    private void look() {
        ModelEngine running = engine;
        if (running == null) {
            return;
        }
        Map<String, Balance> now = new LinkedHashMap<>();
        long queued = 0;
        for (ServiceBooks.NamedBalance told : running.books.balances()) {
            Balance balance = told.balance();
            ServiceName name = told.name();
            assertThat(balance.queuedAtRecorders()).as("%s: %s", name, balance).isNotNegative();
            assertThat(balance.queuedInEngine()).as("%s: %s", name, balance).isNotNegative();
            queued += balance.queuedInEngine();
            now.put(name == null ? OTHERS : name.name(), balance);
        }
        for (String key : running.open()) {
            assertThat(now).as("a service that runs is told").containsKey(key);
        }
        for (String key : before.keySet()) {
            if (!now.containsKey(key)) {
                forgets(key);
            }
        }
        now.forEach((key, balance) -> {
            grows(key, balance);
            Truth truth = key.equals(OTHERS) ? forgotten : truths.get(key);
            boolean isKnown = !hasMany && !(isHostile && key.equals(OTHERS));
            if (truth != null && isKnown) {
                agrees(key, balance, truth);
            }
        });
        before.clear();
        before.putAll(now);
        if (knowsSpool && !hasMany) {
            assertThat(queued)
                    .as("requests in the engine, by its books and where they are")
                    .isEqualTo(running.inHand() + running.inSpool() - untoldInSpool(running, now.keySet()));
        }
    }

    /** Of services that have not come back to this engine, in books that it does not tell. */
    private long untoldInSpool(ModelEngine running, Set<String> told) {
        Spool spool = running.spool;
        return spool == null
                ? 0
                : everUsed.stream()
                        .filter(key -> !told.contains(key) && !forgottenKeys.contains(key))
                        .mapToLong(key -> spool.requests(Digest.of(key)))
                        .sum();
    }

    private void forgets(String key) {
        for (ModelRecorder recorder : recorders) {
            if (recorder.service.equals(key)) {
                recorder.settle();
            }
        }
        Truth truth = truths.remove(key);
        if (truth != null) {
            forgotten.add(truth);
        }
        forgottenKeys.add(key);
    }

    private void grows(String key, Balance balance) {
        Balance was = before.get(key);
        if (was == null) {
            return;
        }
        assertThat(balance.seen()).as("%s, seen", key).isGreaterThanOrEqualTo(was.seen());
        assertThat(balance.received()).as("%s, received", key).isGreaterThanOrEqualTo(was.received());
        assertThat(balance.measured()).as("%s, measured", key).isGreaterThanOrEqualTo(was.measured());
        assertThat(balance.exported()).as("%s, exported", key).isGreaterThanOrEqualTo(was.exported());
        for (DropReason reason : DropReason.values()) {
            assertThat(balance.dropped(reason))
                    .as("%s, dropped, %s", key, reason)
                    .isGreaterThanOrEqualTo(was.dropped(reason));
        }
    }

    private static void agrees(String key, Balance balance, Truth truth) {
        assertThat(balance.seen()).as("%s, seen", key).isEqualTo(truth.seen);
        assertThat(balance.received()).as("%s, received", key).isEqualTo(truth.received);
        assertThat(balance.measured()).as("%s, measured", key).isEqualTo(truth.measured);
        assertThat(balance.dropped(DropReason.MALFORMED))
                .as("%s, malformed", key)
                .isEqualTo(truth.malformed);
        assertThat(balance.dropped(DropReason.RECORDER))
                .as("%s, dropped by recorders", key)
                .isEqualTo(truth.droppedByRecorder);
        assertThat(balance.dropped(DropReason.CONNECTION))
                .as("%s, lost in connections", key)
                .isEqualTo(truth.lostInConnections);
    }
}
