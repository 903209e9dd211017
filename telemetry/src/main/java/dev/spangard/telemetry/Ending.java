// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * How an exchange ended: judged once, when it is over, by what was said and what the application raised.
 *
 * @param websocket whether it became one
 * @param status what the client got; 0 if nothing is known to be sent
 * @param errorType null if nothing went wrong
 * @param completeNanos when the client had its response, or would have no more of it; 0 for when the application returned
 * @param bytesSent of the response's body, as transferred; {@link Conversation#UNKNOWN} if only the server knows
 * @param clientLeft before it had everything
 * @param closedBy of a WebSocket: {@code client}, {@code application} or {@code server}; null if nobody did
 * @param failure what is to be told of; null if nothing was raised, or only what says that the exchange was over
 */
record Ending(
        boolean websocket,
        int status,
        @Nullable String errorType,
        long completeNanos,
        long bytesSent,
        boolean clientLeft,
        @Nullable String closedBy,
        @Nullable Failure failure) {
    private static final int INTERNAL_SERVER_ERROR = 500;
    private static final int LARGEST_STATUS = 599;
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    // RFC 6455, 7.4.1, and the registry that it founded
    private static final int CLOSE_NORMAL = 1000;
    private static final int CLOSE_GOING_AWAY = 1001;
    private static final int CLOSE_NO_STATUS = 1005;
    private static final int CLOSE_INTERNAL_ERROR = 1011;
    private static final int CLOSE_SERVICE_RESTART = 1012;

    static Ending of(Exchange exchange) {
        return exchange.isWebSocket() && (exchange.conversation.answer().isAccepted() || exchange.workerEnd() != null)
                ? ofWebSocket(exchange)
                : ofResponse(exchange);
    }

    /**
     * Whether a response has no content whatever the application hands over, so that nothing is transferred (RFC 9110,
     * sections 9.3.2, 15.2, 15.3.5 and 15.4.5).
     */
    static boolean hasNoContent(String method, int status) {
        return method.equals("HEAD")
                || (status >= 100 && status < 200)
                || status == NO_CONTENT
                || status == NOT_MODIFIED;
    }

    /** Judges an HTTP request, or a WebSocket's handshake that was not accepted. */
    private static Ending ofResponse(Exchange exchange) {
        Conversation said = exchange.conversation;
        Failure failure = exchange.failure;
        boolean cancelled = says(failure, Failure.Says.CANCELLED);
        boolean gone = says(failure, Failure.Says.CLIENT_LEFT);
        boolean empty = hasNoContent(exchange.method, said.status()) || said.promised() == 0;
        long leftNanos = said.leftNanos();
        long completeNanos = said.completeNanos();
        boolean complete = said.answer().isOver();
        boolean clientLeft = said.client().hasLeft();
        boolean hadEnough = false;
        if (leftNanos != 0 || said.answer().isUnderWay()) {
            // Begun, and left or abandoned before the application said that it was complete.
            if (said.wholeNanos() != 0 && (leftNanos == 0 || said.wholeNanos() <= leftNanos)) {
                complete = true;
                completeNanos = said.wholeNanos();
            } else if (empty) {
                complete = true;
                completeNanos = first(said.firstBodyNanos(), leftNanos);
            } else if (said.isEventStream() && (leftNanos != 0 || cancelled || gone)) {
                complete = true;
                completeNanos = leftNanos;
                hadEnough = true;
                clientLeft = leftNanos != 0 || gone;
            } else {
                clientLeft |= leftNanos != 0;
            }
        }
        clientLeft |= gone && !complete;
        boolean unanswered = said.answer() == AnswerState.WAITING;
        boolean nobodyAsks = clientLeft || cancelled || exchange.workerEnd() != null;
        int status = unanswered ? (nobodyAsks ? 0 : INTERNAL_SERVER_ERROR) : said.status();
        boolean over = complete && (cancelled || gone);
        return new Ending(
                false,
                status,
                errorOfResponse(exchange, status, complete, clientLeft && !hadEnough),
                completeNanos,
                empty ? 0 : said.bytesSent(),
                clientLeft,
                null,
                over ? null : failure);
    }

    /**
     * Returns the {@code error.type} of a response, null if nothing went wrong: the first cause that is known, not the
     * last effect.
     *
     * @param tooEarly whether the client left before it had what it wanted
     */
    private static @Nullable String errorOfResponse(Exchange exchange, int status, boolean complete, boolean tooEarly) {
        Failure failure = exchange.failure;
        if (exchange.workerEnd() != null) {
            return exchange.workerEnd();
        }
        if (failure != null && failure.says() == Failure.Says.FAILED) {
            return exchange.telemetry.limit.cut(failure.type());
        }
        if (tooEarly) {
            return Exchange.CLIENT_DISCONNECTED;
        }
        if (says(failure, Failure.Says.CANCELLED) && !complete) {
            return Exchange.CANCELLED;
        }
        if (status < 0 || status > LARGEST_STATUS) {
            return Series.OTHER;
        }
        if (status >= INTERNAL_SERVER_ERROR) {
            return Integer.toString(status);
        }
        boolean abandoned = !complete && (!exchange.isWebSocket() || status == 0);
        return abandoned ? Exchange.RESPONSE_INCOMPLETE : null;
    }

    /** Judges a WebSocket that was accepted, or whose worker died before anybody could tell. */
    private static Ending ofWebSocket(Exchange exchange) {
        Conversation said = exchange.conversation;
        Failure failure = exchange.failure;
        boolean gone = says(failure, Failure.Says.CLIENT_LEFT);
        int code = said.webSocket().closeCode();
        boolean byApplication = said.answer().isOver() && !said.client().hasEnded();
        // A send that fails says that the client is gone, and not how it went.
        boolean byClient = said.client().hasEnded() || (gone && !byApplication);
        String errorType = errorOfWebSocket(exchange, byApplication, byClient);
        String closedBy =
                byClient ? (code == CLOSE_SERVICE_RESTART ? "server" : "client") : byApplication ? "application" : null;
        boolean over = errorType == null && (gone || says(failure, Failure.Says.CANCELLED));
        return new Ending(
                true,
                said.answer().isAccepted() ? Conversation.SWITCHING_PROTOCOLS : said.status(),
                errorType,
                0,
                said.bytesSent(),
                said.client().hasLeft(),
                closedBy,
                over ? null : failure);
    }

    /** Returns the {@code error.type} of a WebSocket, null if nothing went wrong. */
    private static @Nullable String errorOfWebSocket(Exchange exchange, boolean byApplication, boolean byClient) {
        Conversation said = exchange.conversation;
        Failure failure = exchange.failure;
        if (exchange.workerEnd() != null) {
            return exchange.workerEnd();
        }
        if (failure != null && failure.says() == Failure.Says.FAILED) {
            return exchange.telemetry.limit.cut(failure.type());
        }
        if (said.client().hasLeft()) {
            return Exchange.CLIENT_DISCONNECTED;
        }
        if (said.webSocket().closeCode() == CLOSE_INTERNAL_ERROR) {
            return Integer.toString(CLOSE_INTERNAL_ERROR);
        }
        boolean well = byApplication || isNormal(said.webSocket().closeCode());
        if (failure != null && failure.says() == Failure.Says.CLIENT_LEFT && !well) {
            return exchange.telemetry.limit.cut(failure.type());
        }
        boolean cancelled = says(failure, Failure.Says.CANCELLED);
        return cancelled && !byApplication && !byClient ? Exchange.CANCELLED : null;
    }

    private static boolean isNormal(int code) {
        return code == CLOSE_NORMAL
                || code == CLOSE_GOING_AWAY
                || code == CLOSE_NO_STATUS
                || code == Conversation.UNTOLD;
    }

    /** Returns the earlier of two times, of which 0 is none. */
    private static long first(long nanos, long others) {
        return nanos == 0 || (others != 0 && others < nanos) ? others : nanos;
    }

    private static boolean says(@Nullable Failure failure, Failure.Says what) {
        return failure != null && failure.says() == what;
    }
}
