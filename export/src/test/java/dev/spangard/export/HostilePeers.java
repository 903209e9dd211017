// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.intake.ModelPeer;
import dev.spangard.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Peers that tell nonsense, each for a service that no {@link ModelRecorder} has: they may falsify no other's books.
 */
final class HostilePeers {
    private static final long[] ODD_COUNTS = {
        -1, 0, 1, 5, 1000, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 1, 1L << 62, 1L << 32
    };

    private final Random random;
    private final BooksCheck check;
    private final List<Hostile> connected = new ArrayList<>();

    private record Hostile(ModelEngine in, ModelPeer peer, ModelService service) {}

    HostilePeers(Random random, BooksCheck check) {
        this.random = random;
        this.check = check;
    }

    /** Has a peer tell nonsense, for a service of its own. */
    void harass(ModelEngine running) {
        if (connected.size() > 2) {
            leave(connected.removeFirst());
        }
        String key = "hostile " + random.nextInt(3);
        check.uses(key);
        ModelPeer peer;
        ModelService service;
        try {
            var hello = ModelPeer.hello(random.nextInt(4), odd(), odd(), odd());
            service = running.join(key);
            if (service == null) {
                return;
            }
            check.connects(key);
            peer = new ModelPeer(running.ledger, running.ids, service.service, hello, random.nextBoolean());
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
        var hostile = new Hostile(running, peer, service);
        if (goesOn && random.nextBoolean()) {
            connected.add(hostile);
        } else {
            leave(hostile);
        }
    }

    private void leave(Hostile hostile) {
        hostile.peer.end(!hostile.peer.saidGoodbye() && random.nextBoolean());
        hostile.in.leave(hostile.service);
    }

    private long odd() {
        return ODD_COUNTS[random.nextInt(ODD_COUNTS.length)];
    }

    /** All leave. */
    void leave() {
        connected.forEach(this::leave);
        connected.clear();
    }

    /** Their engine was killed. */
    void die() {
        connected.clear();
    }
}
