// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spangard.books.Ledger;
import dev.spangard.telemetry.Request;
import dev.spangard.wire.ByteBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnfinishedTest {
    private static final int RECORD = 488;
    /** As it is reckoned: 1024 and twice the record. */
    private static final long HELD = 2000;

    private final FakeServices services;

    UnfinishedTest(@TempDir Path directory) throws IOException {
        try (Ledger ledger = Ledger.open(directory.resolve("engine.sock"))) {
            services = new FakeServices(ledger);
        }
    }

    private Unfinished.Open request() {
        Request get =
                Request.builder(Request.Kind.HTTP).method("GET").scheme("http").build();
        return new Unfinished.Open(services.telemetry.exchange(get, 0), null);
    }

    private static List<Unfinished.Running> drained(Unfinished unfinished) {
        List<Unfinished.Running> all = new ArrayList<>();
        unfinished.drain(all::add);
        return all;
    }

    @Test
    void forgetsTheOldestWhenTheMemoryOfAllRecordersIsTaken() {
        ByteBudget budget = new ByteBudget(2 * HELD);
        Unfinished unfinished = new Unfinished(10, services.telemetry::conversation, budget);
        Unfinished.Open second = request();
        Unfinished.Open third = request();
        unfinished.opened(1, request(), RECORD);
        unfinished.opened(2, second, RECORD);
        unfinished.opened(3, third, RECORD);

        assertThat(services.active()).isEqualTo(2);
        assertThat(budget.taken()).isEqualTo(2 * HELD);
        assertThat(drained(unfinished)).containsExactly(second, third);
    }

    @Test
    void forgetsNobodyElsesRequests() {
        ByteBudget budget = new ByteBudget(HELD);
        Unfinished first = new Unfinished(10, services.telemetry::conversation, budget);
        Unfinished second = new Unfinished(10, services.telemetry::conversation, budget);
        Unfinished.Open theirs = request();
        first.opened(1, theirs, RECORD);

        second.opened(1, request(), RECORD);
        assertThat(second.spilled(7)).isNull();

        assertThat(services.active()).isEqualTo(1);
        assertThat(drained(first)).containsExactly(theirs);
        Unfinished.Open ours = request();
        second.opened(1, ours, RECORD);
        assertThat(drained(second)).containsExactly(ours);
    }

    @Test
    void givesBackAllItTook() {
        ByteBudget budget = new ByteBudget(100 * HELD);
        Unfinished unfinished = new Unfinished(2, services.telemetry::conversation, budget);
        for (int i = 0; i < 5; i++) {
            unfinished.opened(i, request(), RECORD);
            unfinished.opened(i, request(), RECORD);
            unfinished.spilled(i);
        }
        assertThat(budget.taken()).isEqualTo(2 * HELD + 2 * 1024);
        assertThat(unfinished.takeSpilled(4)).isNotNull();
        unfinished.ended(4);
        assertThat(budget.taken()).isEqualTo(HELD + 1024);

        unfinished.drain(Unfinished.Running::deactivate);

        assertThat(budget.taken()).isZero();
        assertThat(services.active()).isZero();
    }

    @Test
    void remembersNothingWhenNothingIsAllowed() {
        ByteBudget budget = new ByteBudget(100 * HELD);
        Unfinished unfinished = new Unfinished(0, services.telemetry::conversation, budget);
        unfinished.opened(1, request(), RECORD);
        assertThat(unfinished.spilled(1)).isNull();
        assertThat(drained(unfinished)).isEmpty();
        assertThat(budget.taken()).isZero();
    }
}
