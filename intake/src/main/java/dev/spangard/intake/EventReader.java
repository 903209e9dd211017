// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.telemetry.Conversation;
import dev.spangard.wire.MarshalReader;

/** Replays a flat list of events (docs/wire-protocol.md, Events) into a conversation. */
final class EventReader {
    private EventReader() {}

    static void replay(MarshalReader in, BatchClock clock, Conversation into) {
        if (!in.nextIsSequence()) {
            in.skip();
            return;
        }
        int left = in.sequence();
        while (left > 0) {
            int code = in.int32();
            if (code < 16) {
                sent(code, in, clock, into);
                left -= 3;
            } else {
                received(code, in, clock, into);
                left -= 4;
            }
        }
        if (left != 0) {
            throw in.malformed("the last event is incomplete");
        }
    }

    private static void sent(int code, MarshalReader in, BatchClock clock, Conversation into) {
        if (code == 12) {
            into.messagesSent(in.int64Or(0), in.int64Or(0));
            return;
        }
        long nanos = clock.readNanos(in);
        switch (code) {
            case 1 -> {
                in.skip();
                into.responseStarted();
            }
            case 2, 10 -> into.responseBody(nanos, in.int64Or(0), false);
            case 3 -> into.responseBody(nanos, in.int64Or(0), true);
            case 4 -> {
                in.skip();
                into.responseTaken(nanos);
            }
            case 5 -> into.accepted(Fields.textOrNone(in, Limits.TEXT));
            case 6, 7 -> into.messageSent(nanos, code == 6, in.int64Or(0));
            case 8 -> {
                boolean reasoned = reasoned(in);
                into.closed(in.int32Or(0), reasoned ? Fields.textOrNone(in, Limits.TEXT) : null);
            }
            case 9 -> {
                into.responseStarted();
                into.status(in.int32Or(0));
            }
            case 13 -> into.answeredByServer(in.int32Or(0));
            case 14 -> {
                long promised = in.int64Or(0);
                if (promised < 0) {
                    into.eventStream();
                } else {
                    into.promised(promised);
                }
            }
            case 11, 15 -> in.skip();
            default -> throw in.malformed("event code " + code);
        }
    }

    /** Replays an event that the application received. When it was asked for is left to the profile that shows it. */
    private static void received(int code, MarshalReader in, BatchClock clock, Conversation into) {
        if (code == 23) {
            into.messagesReceived(in.int64Or(0), in.int64Or(0));
            in.skip();
            return;
        }
        in.skip();
        if (code == 19 || code == 20) {
            into.messageReceived(clock.readNanos(in), code == 19, in.int64Or(0));
            return;
        }
        if (code == 17) {
            into.left(clock.readNanos(in));
            in.skip();
            return;
        }
        in.skip();
        switch (code) {
            case 16 -> into.requestBody(in.int64Or(0));
            case 21 -> {
                boolean reasoned = reasoned(in);
                into.disconnected(in.int32Or(0), reasoned ? Fields.textOrNone(in, Limits.TEXT) : null);
            }
            case 18, 22, 31 -> in.skip();
            default -> throw in.malformed("event code " + code);
        }
    }

    /** Whether a close code comes with a reason, {@code (code, reason)}, which is entered here. */
    private static boolean reasoned(MarshalReader in) {
        if (!in.nextIsSequence()) {
            return false;
        }
        if (in.sequence() != 2) {
            throw in.malformed("close code and reason");
        }
        return true;
    }
}
