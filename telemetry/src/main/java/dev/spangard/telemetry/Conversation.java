// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * What application and client said to each other in one exchange: the states of its ASGI messages, and their counts.
 *
 * <p>Two machines run side by side, one for each end, and both are tables: {@link AnswerState} for what the application
 * sends, {@link ClientState} for whether the client is still there. Each method here is one message; it asks the tables what
 * the message means where things stand, and counts. What ASGI does not allow there is counted nowhere and changes nothing.
 *
 * <p>Methods are called in the order in which things happened, by the thread that reads a record or, under its exchange's
 * lock, by the one that sends or receives. All times are nanoseconds since the epoch, 0 where there is none. Not
 * thread-safe; no method throws.
 */
public final class Conversation {
    /** RFC 6455, 7.4.1: the connection was lost; never sent. */
    private static final int CLOSE_ABNORMAL = 1006;

    /** The status of an accepted WebSocket. */
    static final int SWITCHING_PROTOCOLS = 101;

    private static final int FORBIDDEN = 403;

    /** Bytes of a body that only the server has seen. */
    public static final long UNKNOWN = -1;

    /** A close whose code the server did not tell. */
    public static final int UNTOLD = 0;

    private AnswerState answer = AnswerState.WAITING;
    private ClientState client = ClientState.PRESENT;
    private int status;
    private long firstBodyNanos;
    private long completeNanos;
    private long bytesReceived;
    private long bytesSent;
    private long bodies;
    /** Bytes that the response said it would have; {@link #UNKNOWN} if it did not. */
    private long promised = UNKNOWN;
    /** When they had all been handed over; 0 if they have not. */
    private long wholeNanos;

    private boolean unknownBytes;
    private boolean eventStream;
    /** When the client left a response that had begun and was not ended; 0 if it did not. */
    private long leftNanos;

    private final int keptMessages;
    /** Null until there is something to be told of a WebSocket. */
    private @Nullable WebSocketTraffic traffic;

    /**
     * Nothing said yet.
     *
     * @param keptMessages how many single messages are remembered, the first ones
     */
    Conversation(int keptMessages) {
        this.keptMessages = keptMessages;
    }

    /** {@code http.response.start} or {@code websocket.http.response.start}. */
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
     * Content-Length of a response: as soon as so many bytes are handed over it is whole, whether the application says so or
     * not. Told before its body.
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

    /** Of the response; may be told at any time. */
    public void status(int status) {
        this.status = status;
    }

    /**
     * A part of the response's body was sent. What comes before the start or after the last is no part of it.
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

    /** {@code http.disconnect}: after the response it is how a connection ends, before it may be a loss. */
    public void left(long epochNanos) {
        if (answer == AnswerState.WAITING) {
            client = client.after(ClientState.Event.LEAVE);
        } else if (answer.isUnderWay() && leftNanos == 0) {
            leftNanos = epochNanos;
        }
    }

    /** {@code websocket.accept}. */
    public void accepted(@Nullable String subprotocol) {
        if (answered(AnswerState.Event.ACCEPT)) {
            traffic().accepted(subprotocol);
            status = SWITCHING_PROTOCOLS;
        }
    }

    /** A message to the client. */
    public void messageSent(long epochNanos, boolean text, long bytes) {
        messagesSent(1, bytes);
        traffic().keep(epochNanos, true, text, Math.max(0, bytes));
    }

    /** So many messages to the client, text or binary, of so many bytes together. */
    public void messagesSent(long messages, long bytes) {
        traffic().sent(messages);
        bytesSent += Math.max(0, bytes);
    }

    /** A message from the client. */
    public void messageReceived(long epochNanos, boolean text, long bytes) {
        messagesReceived(1, bytes);
        traffic().keep(epochNanos, false, text, Math.max(0, bytes));
    }

    /** So many messages from the client, text or binary, of so many bytes together. */
    public void messagesReceived(long messages, long bytes) {
        traffic().received(messages);
        bytesReceived += Math.max(0, bytes);
    }

    /** As {@link #closed(int, String)}, without a reason. */
    public void closed(int code) {
        closed(code, null);
    }

    /** {@code websocket.close} by the application: before the handshake was answered it is a 403. */
    public void closed(int code, @Nullable String reason) {
        if (answer == AnswerState.WAITING) {
            status = FORBIDDEN;
        } else if (webSocket().closeCode() == UNTOLD && !client.hasEnded()) {
            traffic().closed(code, reason);
        }
        answered(AnswerState.Event.CLOSE);
    }

    /** As {@link #disconnected(int, String)}, without a reason. */
    public void disconnected(int code) {
        disconnected(code, null);
    }

    /**
     * {@code websocket.disconnect} from the client's side.
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

    /** 0 if none is known. */
    int status() {
        return status;
    }

    long firstBodyNanos() {
        return firstBodyNanos;
    }

    /** When the response was complete: in {@link AnswerState#SENT}, else 0. */
    long completeNanos() {
        return completeNanos;
    }

    long bytesReceived() {
        return bytesReceived;
    }

    /** {@link #UNKNOWN} if some were only the server's to see, and nothing says how many. */
    long bytesSent() {
        if (!unknownBytes) {
            return bytesSent;
        }
        return answer.isOver() ? promised : UNKNOWN;
    }

    /** {@link #UNKNOWN} if nothing was. */
    long promised() {
        return promised;
    }

    /** When all that was promised had been handed over; 0 if it has not been, or nothing was promised. */
    long wholeNanos() {
        return wholeNanos;
    }

    boolean isEventStream() {
        return eventStream;
    }

    /** When the client left a response that had begun and was not ended; 0 if it did not. */
    long leftNanos() {
        return leftNanos;
    }

    long bodies() {
        return bodies;
    }

    /** What is known of the WebSocket, to be read only. */
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
