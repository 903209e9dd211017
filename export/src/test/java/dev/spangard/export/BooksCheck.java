// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Balance;
import dev.spangard.books.Counts;
import dev.spangard.books.Digest;
import dev.spangard.books.DropReason;
import dev.spangard.books.ServiceAccounts;
import dev.spangard.export.ModelRecorder.Truth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * What must be in the books: what each service's recorders know, and that no count falls. Looks at an engine's books
 * after every step, and at the ledger and the spool in the end.
 */
final class BooksCheck {
    /** The row without a name. */
    private static final String OTHERS = "";

    private final List<ModelRecorder> recorders;
    private final boolean isHostile;
    private final boolean hasMany;
    private final boolean changesSpool;
    private final Map<String, Truth> truths = new LinkedHashMap<>();
    private final Set<String> everUsed = new HashSet<>();
    private final Truth forgotten = new Truth();
    private final Set<String> forgottenKeys = new HashSet<>();
    /** Services that somebody has joined an engine with, and none has forgotten since. */
    private final Set<String> inLedger = new HashSet<>();
    /** Requests that waited in the memory of engines that were killed. */
    private long lostInQueues;
    /** Requests that were at an exporter whose answer nobody waited for any more. */
    private long unconfirmed;
    /** Whether it is known whose the requests in the spool are. */
    private boolean knowsSpool = true;
    /** What this engine's books said last. */
    private final Map<String, Balance> before = new HashMap<>();

    /**
     * @param recorders those that are there, which the schedule goes on to change
     * @param isHostile whether peers tell nonsense, so that the sums of all are not known
     * @param hasMany whether there are more services than the ledger remembers
     * @param changesSpool whether engines run with the spool and without
     */
    BooksCheck(List<ModelRecorder> recorders, boolean isHostile, boolean hasMany, boolean changesSpool) {
        this.recorders = recorders;
        this.isHostile = isHostile;
        this.hasMany = hasMany;
        this.changesSpool = changesSpool;
    }

    /** What the service's books must say, for its recorders to add to. */
    Truth truth(String service) {
        uses(service);
        return truths.computeIfAbsent(service, made -> new Truth());
    }

    /** Somebody comes with this service, whatever it says. */
    void uses(String service) {
        everUsed.add(service);
    }

    /** Somebody joins an engine with this service. */
    void connects(String service) {
        knowsSpool &= !forgottenKeys.contains(service);
        inLedger.add(service);
    }

    /** Has the engine give up those services of earlier ones that have lost requests and have not come back. */
    void forgetsLost(ModelEngine running) {
        running.books.forgetLost();
        Set<String> named =
                running.books.rows().stream().map(row -> row.name().name()).collect(Collectors.toSet());
        for (String service : List.copyOf(inLedger)) {
            Digest key = Digest.of(service);
            Counts inSpool = running.spool == null ? Counts.NONE : running.spool.counts(key);
            if (!named.contains(service) && running.ledger.ofSpool(key, inSpool) == running.ledger.others()) {
                forgets(service);
            }
        }
    }

    /** The next engine has a spool, and this one had none, or the reverse. */
    void spoolChanges() {
        knowsSpool = false;
    }

    /** Names begin anew. */
    void engineStarts() {
        before.clear();
    }

    /** The engine was killed: what it had in hand is lost, by the place where it was. */
    void killed(ModelEngine engine) {
        lostInQueues += engine.inQueues();
        unconfirmed += engine.away();
        ended(engine);
    }

    /** The engine has ended, in whatever way. */
    void ended(ModelEngine engine) {
        unconfirmed += engine.unconfirmed();
    }

    /** What the ledger and the spool say in the end is right, of all services together. */
    void agreesInTheEnd(ModelEngine reader) {
        Truth all = new Truth();
        truths.values().forEach(all::add);
        all.add(forgotten);
        List<Balance> balances = new ArrayList<>(List.of(reader.ledger.others().balance()));
        for (String service : everUsed) {
            Digest key = Digest.of(service);
            Counts inSpool = reader.spool == null ? Counts.NONE : reader.spool.counts(key);
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
        agreeOnLosses(balances);
        if (!changesSpool && !isHostile) {
            assertThat(sum(balances, Balance::queuedInEngine))
                    .as("queued in the engine, once all is over: " + balances)
                    .isEqualTo(reader.inSpool());
        }
    }

    /** Why requests were lost that had come to an engine; and no recorder of a forgotten service has any left. */
    private void agreeOnLosses(List<Balance> balances) {
        assertThat(balances.getFirst().queuedAtRecorders())
                .as("queued at recorders, of forgotten services")
                .isZero();
        long ofEngine = sum(balances, balance -> balance.dropped(DropReason.ENGINE));
        long withoutAnswer = sum(balances, balance -> balance.dropped(DropReason.UNCONFIRMED));
        if (changesSpool) {
            // What an engine without the spool gave up may be in it again, and stands for as many that a kill took.
            assertThat(ofEngine).as("lost with an engine").isLessThanOrEqualTo(lostInQueues);
            assertThat(withoutAnswer).as("without an answer").isLessThanOrEqualTo(unconfirmed);
        } else {
            assertThat(ofEngine).as("lost with an engine").isEqualTo(lostInQueues);
            assertThat(withoutAnswer).as("without an answer").isEqualTo(unconfirmed);
        }
    }

    private static long sum(List<Balance> balances, ToLongFunction<Balance> value) {
        return balances.stream().mapToLong(value).sum();
    }

    /** What the engine's books say now is right, and no less than it was. */
    void agrees(ModelEngine running) {
        Map<String, Balance> now = new LinkedHashMap<>();
        long queued = 0;
        for (ServiceBooks.NamedBalance named : running.books.balances()) {
            Balance balance = named.requests();
            ServiceName name = named.name();
            assertThat(balance.queuedAtRecorders()).as("%s: %s", name, balance).isNotNegative();
            assertThat(balance.queuedInEngine()).as("%s: %s", name, balance).isNotNegative();
            queued += balance.queuedInEngine();
            now.put(name == null ? OTHERS : name.name(), balance);
        }
        for (String key : running.open()) {
            assertThat(now).as("a service that runs has a row").containsKey(key);
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
                    .isEqualTo(running.inHand() + running.inSpool() - unnamedInSpool(running, now.keySet()));
        }
    }

    /** Requests of services that have not come back to this engine, in books that have no row. */
    private long unnamedInSpool(ModelEngine running, Set<String> named) {
        Spool spool = running.spool;
        return spool == null
                ? 0
                : everUsed.stream()
                        .filter(key -> !named.contains(key) && !forgottenKeys.contains(key))
                        .mapToLong(key -> spool.counts(Digest.of(key)).requests())
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
        inLedger.remove(key);
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
