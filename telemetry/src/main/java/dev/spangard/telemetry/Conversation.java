// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * What application and client said to each other in one exchange: the states of its ASGI messages, and their counts.
 *
 * <p>Two machines run side by side, one for each end. Both are tables: {@link AnswerState} has what the messages of the
 * application change, {@link ClientState} what it changes that the client is gone. Each method here is one message. It asks
 * the table of its end what the message means where things stand, and notes what the message brings:
 *
 * <pre>
 * message              answer            client              notes
 * responseStarted      START
 * answeredByServer     SERVER_ANSWER,                        status; not if the client left before
 *                      or SERVER_ABORT
 * responseBody         BODY, LAST_BODY                       bytes; the time of the first, the last, and the one
 *                                                            that made the response as long as promised
 * responseTaken                                              a later time of the last; in SENT only
 * accepted             ACCEPT                                subprotocol, status 101
 * messageSent                                                messages, bytes
 * closed               CLOSE                                 status 403 in WAITING, else the first code
 * requestBody                                                bytes
 * messageReceived                                            messages, bytes
 * left                                   LEAVE in WAITING    the time, if an answer is under way
 * disconnected                           LEAVE in WAITING;   code and reason, if an answer is under way
 *                                        CLOSE, or LOSE for
 *                                        1006, under way
 * </pre>
 *
 * <p>Where the table of the answer has a dash, ASGI does not allow the message: then nothing is noted either. A message
 * without an event is noted in any state that is not named. {@link #status}, {@link #promised} and {@link #eventStream}
 * are facts about the response and no messages.
 *
 * <p>Methods are called in the order in which things happened, by the thread that reads a record or, under its exchange's
 * lock, by the one that sends or receives. All times are nanoseconds since the epoch, 0 where there is none. Not
 * thread-safe; no method throws.
 */
public final class Conversation {
    /** The code of a connection that was lost; it is never sent (RFC 6455, section 7.4.1). */
    private static final int CLOSE_ABNORMAL = 1006;

    /** The status of an accepted WebSocket. */
    static final int SWITCHING_PROTOCOLS = 101;

    private static final int FORBIDDEN = 403;

    /** The number of bytes of a body that only the server has seen. */
    public static final long UNKNOWN = -1;

    /** The code of a close whose code the server did not tell. */
    public static final int UNTOLD = 0;

    private AnswerState answer = AnswerState.WAITING;
    private ClientState client = ClientState.PRESENT;
    private int status;
    private long firstBodyNanos;
    private long completeNanos;
    private long bytesReceived;
    private long bytesSent;
    private long bodies;
    /** The bytes that the response said it would have; {@link #UNKNOWN} if it did not. */
    private long promised = UNKNOWN;
    /** The time at which all promised bytes had been handed over; 0 if they have not. */
    private long wholeNanos;

    private boolean unknownBytes;
    private boolean eventStream;
    /** The time at which the client left a response that had begun and was not ended; 0 if it did not. */
    private long leftNanos;

    private final int keptMessages;
    /** Null until there is something to be told of a WebSocket. */
    private @Nullable WebSocketTraffic traffic;

    /** Makes a conversation that remembers the first so many messages singly, in which nothing is said yet. */
    Conversation(int keptMessages) {
        this.keptMessages = keptMessages;
    }

    /** The application sent {@code http.response.start} or {@code websocket.http.response.start}. */
    public void responseStarted() {
        answered(AnswerState.Event.START);
    }

    /** Whether the event is allowed where things stand; then it has happened. */
    private boolean answered(AnswerState.Event event) {
        AnswerState next = answer.after(event);
        if (next == null) {
            return false;
        }
        answer = next;
        return true;
    }

    /**
     * The response has a Content-Length: with so many bytes it is whole, even if nobody says so. Called before them.
     */
    public void promised(long bytes) {
        promised = bytes;
    }

    /** The response is one of those that end when their client has had enough: {@code text/event-stream}. */
    public void eventStream() {
        eventStream = true;
    }

    /**
     * A server answered a WebSocket's handshake itself, for the application did not.
     *
     * @param status 0 if it closed the connection without an answer
     */
    public void answeredByServer(int status) {
        if (!client.hasLeft()
                && answered(status == 0 ? AnswerState.Event.SERVER_ABORT : AnswerState.Event.SERVER_ANSWER)) {
            this.status = status;
        }
    }

    /** The response has this status. May be called at any time. */
    public void status(int status) {
        this.status = status;
    }

    /**
     * The application sent a part of the response's body.
     *
     * @param bytes {@link #UNKNOWN} for a file that the server sends
     */
    public void responseBody(long epochNanos, long bytes, boolean last) {
        if (!answered(last ? AnswerState.Event.LAST_BODY : AnswerState.Event.BODY)) {
            return;
        }
        unknownBytes |= bytes < 0;
        bytesSent += Math.max(0, bytes);
        if (bodies++ == 0) {
            firstBodyNanos = epochNanos;
        }
        if (promised >= 0 && bytesSent >= promised && wholeNanos == 0) {
            wholeNanos = epochNanos;
        }
        if (answer == AnswerState.SENT) {
            completeNanos = epochNanos;
        }
    }

    /** The server took the last body; until then the client may have been slow to read. */
    public void responseTaken(long epochNanos) {
        if (answer == AnswerState.SENT) {
            completeNanos = epochNanos;
        }
    }

    /** A part of the request's body reached the application. */
    public void requestBody(long bytes) {
        bytesReceived += Math.max(0, bytes);
    }

    /** The application received {@code http.disconnect}, which after the response is how a connection ends. */
    public void left(long epochNanos) {
        if (answer == AnswerState.WAITING) {
            client = client.after(ClientState.Event.LEAVE);
        } else if (answer.isUnderWay() && leftNanos == 0) {
            leftNanos = epochNanos;
        }
    }

    /** The application sent {@code websocket.accept}. */
    public void accepted(@Nullable String subprotocol) {
        if (answered(AnswerState.Event.ACCEPT)) {
            traffic().accepted(subprotocol);
            status = SWITCHING_PROTOCOLS;
        }
    }

    /** The application sent a message to the client. */
    public void messageSent(long epochNanos, boolean text, long bytes) {
        messagesSent(1, bytes);
        traffic().keep(epochNanos, true, text, Math.max(0, bytes));
    }

    /** The application sent so many messages of so many bytes together, none of which is remembered singly. */
    public void messagesSent(long messages, long bytes) {
        traffic().sent(messages);
        bytesSent += Math.max(0, bytes);
    }

    /** The application received a message from the client. */
    public void messageReceived(long epochNanos, boolean text, long bytes) {
        messagesReceived(1, bytes);
        traffic().keep(epochNanos, false, text, Math.max(0, bytes));
    }

    /** The application received so many messages of so many bytes together, none of which is remembered singly. */
    public void messagesReceived(long messages, long bytes) {
        traffic().received(messages);
        bytesReceived += Math.max(0, bytes);
    }

    /** The application sent {@code websocket.close}, which instead of an accept is a 403 (ASGI, WebSocket, Close). */
    public void closed(int code, @Nullable String reason) {
        if (answer == AnswerState.WAITING) {
            status = FORBIDDEN;
        } else if (webSocket().closeCode() == UNTOLD && !client.hasEnded()) {
            traffic().closed(code, reason);
        }
        answered(AnswerState.Event.CLOSE);
    }

    /**
     * The application received {@code websocket.disconnect}, from the client's side.
     *
     * @param code {@link #UNTOLD} where the server says the same of a close and of a loss
     */
    public void disconnected(int code, @Nullable String reason) {
        if (answer == AnswerState.WAITING) {
            client = client.after(ClientState.Event.LEAVE);
        } else if (answer.isUnderWay()) {
            if (!client.hasEnded()) {
                traffic().closed(code, reason);
            }
            client = client.after(code == CLOSE_ABNORMAL ? ClientState.Event.LOSE : ClientState.Event.CLOSE);
        }
    }

    AnswerState answer() {
        return answer;
    }

    ClientState client() {
        return client;
    }

    /** Returns the status of the response; 0 if none is known. */
    int status() {
        return status;
    }

    long firstBodyNanos() {
        return firstBodyNanos;
    }

    /** Returns the time at which the response was complete: in {@link AnswerState#SENT}, else 0. */
    long completeNanos() {
        return completeNanos;
    }

    long bytesReceived() {
        return bytesReceived;
    }

    /** Returns the bytes sent; {@link #UNKNOWN} if some were only the server's to see, and nothing says how many. */
    long bytesSent() {
        if (!unknownBytes) {
            return bytesSent;
        }
        return answer.isOver() ? promised : UNKNOWN;
    }

    /** Returns the bytes that the response said it would have; {@link #UNKNOWN} if it said nothing. */
    long promised() {
        return promised;
    }

    /** Returns the time at which all that was promised had been handed over; 0 if that was not so. */
    long wholeNanos() {
        return wholeNanos;
    }

    boolean isEventStream() {
        return eventStream;
    }

    /** Returns the time at which the client left a response that had begun and was not ended; 0 if it did not. */
    long leftNanos() {
        return leftNanos;
    }

    long bodies() {
        return bodies;
    }

    /** Returns what is known of the WebSocket, to be read only. */
    WebSocketTraffic webSocket() {
        return traffic == null ? WebSocketTraffic.NONE : traffic;
    }

    private WebSocketTraffic traffic() {
        if (traffic == null) {
            traffic = new WebSocketTraffic(keptMessages);
        }
        return traffic;
    }
}
