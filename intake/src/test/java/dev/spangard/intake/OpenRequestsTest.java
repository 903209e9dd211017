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

final class OpenRequestsTest {
    private static final int RECORD = 488;
    /** As it is reckoned: 1024 and twice the record. */
    private static final long HELD = 2000;

    private final FakeServiceProvider services;

    OpenRequestsTest(@TempDir Path directory) throws IOException {
        try (Ledger ledger = Ledger.open(directory.resolve("engine.sock"))) {
            services = new FakeServiceProvider(ledger);
        }
    }

    private OpenRequests.OpenStable request() {
        Request get =
                Request.builder(Request.Kind.HTTP).method("GET").scheme("http").build();
        return new OpenRequests.OpenStable(services.telemetry.exchange(get, 0), null);
    }

    private static List<OpenRequests.OpenRequest> drained(OpenRequests openRequests) {
        List<OpenRequests.OpenRequest> all = new ArrayList<>();
        openRequests.drain(all::add);
        return all;
    }

    @Test
    void forgetsTheOldestWhenTheMemoryOfAllRecordersIsTaken() {
        ByteBudget budget = new ByteBudget(2 * HELD);
        OpenRequests openRequests = new OpenRequests(10, services.telemetry::conversation, budget);
        OpenRequests.OpenStable second = request();
        OpenRequests.OpenStable third = request();
        openRequests.opened(1, request(), RECORD);
        openRequests.opened(2, second, RECORD);
        openRequests.opened(3, third, RECORD);

        assertThat(services.active()).isEqualTo(2);
        assertThat(budget.taken()).isEqualTo(2 * HELD);
        assertThat(drained(openRequests)).containsExactly(second, third);
    }

    @Test
    void forgetsNobodyElsesRequests() {
        ByteBudget budget = new ByteBudget(HELD);
        OpenRequests first = new OpenRequests(10, services.telemetry::conversation, budget);
        OpenRequests second = new OpenRequests(10, services.telemetry::conversation, budget);
        OpenRequests.OpenStable theirs = request();
        first.opened(1, theirs, RECORD);

        second.opened(1, request(), RECORD);
        assertThat(second.sentAhead(7)).isNull();

        assertThat(services.active()).isEqualTo(1);
        assertThat(drained(first)).containsExactly(theirs);
        OpenRequests.OpenStable ours = request();
        second.opened(1, ours, RECORD);
        assertThat(drained(second)).containsExactly(ours);
    }

    @Test
    void givesBackAllItTook() {
        ByteBudget budget = new ByteBudget(100 * HELD);
        OpenRequests openRequests = new OpenRequests(2, services.telemetry::conversation, budget);
        for (int i = 0; i < 5; i++) {
            openRequests.opened(i, request(), RECORD);
            openRequests.opened(i, request(), RECORD);
            openRequests.sentAhead(i);
        }
        assertThat(budget.taken()).isEqualTo(2 * HELD + 2 * 1024);
        assertThat(openRequests.takeSentAhead(4)).isNotNull();
        openRequests.ended(4);
        assertThat(budget.taken()).isEqualTo(HELD + 1024);

        openRequests.drain(OpenRequests.OpenRequest::deactivate);

        assertThat(budget.taken()).isZero();
        assertThat(services.active()).isZero();
    }

    @Test
    void remembersNothingWhenNothingIsAllowed() {
        ByteBudget budget = new ByteBudget(100 * HELD);
        OpenRequests openRequests = new OpenRequests(0, services.telemetry::conversation, budget);
        openRequests.opened(1, request(), RECORD);
        assertThat(openRequests.sentAhead(1)).isNull();
        assertThat(drained(openRequests)).isEmpty();
        assertThat(budget.taken()).isZero();
    }
}
