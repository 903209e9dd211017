// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** A collector that takes, refuses, rejects a part, is silent, answers late. One for all services of a model. */
final class ModelCollector {
    private enum Mood {
        TAKES,
        DOWN,
        NEVER,
        REJECTS_PART,
        SILENT
    }

    private static final List<Mood> ANSWERS = List.of(Mood.TAKES, Mood.DOWN, Mood.NEVER, Mood.REJECTS_PART);

    private final Random random;
    private Mood mood = Mood.TAKES;
    private final List<CompletableFuture<byte[]>> unanswered = new ArrayList<>();

    ModelCollector(Random random) {
        this.random = random;
    }

    OtlpSender sender() {
        return new OtlpSender() {
            @Override
            public CompletableFuture<byte[]> send(byte[] request) {
                if (mood == Mood.SILENT) {
                    var silent = new CompletableFuture<byte[]>();
                    unanswered.add(silent);
                    return silent;
                }
                var answered = new CompletableFuture<byte[]>();
                answer(answered, mood);
                return answered;
            }

            @Override
            public void close() {}
        };
    }

    void changeMood() {
        mood = Mood.values()[random.nextInt(Mood.values().length)];
    }

    void recover() {
        mood = Mood.TAKES;
    }

    /** To some of those that wait, and may wait no more. */
    void answerLate() {
        for (int n = random.nextInt(4); n >= 0 && !unanswered.isEmpty(); n--) {
            Mood how = ANSWERS.get(random.nextInt(ANSWERS.size()));
            answer(unanswered.remove(random.nextInt(unanswered.size())), how);
        }
    }

    /** Whom it owes an answer is dead. */
    void forget() {
        unanswered.clear();
    }

    private static void answer(CompletableFuture<byte[]> to, Mood how) {
        switch (how) {
            case TAKES, SILENT -> to.complete(new byte[0]);
            case DOWN -> to.completeExceptionally(ExportException.unanswered("down", new IOException("down")));
            case NEVER -> to.completeExceptionally(ExportException.answered("400", "400", false, null));
            // ExportTraceServiceResponse.partial_success.rejected_spans = 1
            case REJECTS_PART -> to.complete(new byte[] {10, 2, 8, 1});
        }
    }
}
