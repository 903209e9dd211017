// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What application and client said to each other in one exchange: the state machine of its ASGI messages, and their
 * counts.
 *
 * <p>Methods are called in the order in which things happened; what ASGI does not allow there is counted nowhere and
 * changes nothing. All times are nanoseconds since the epoch. Not thread-safe; no method throws.
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

    enum Phase {
        /** Nothing sent yet. */
        WAITING,
        /** The response has started; the WebSocket is accepted or denied. */
        RESPONDING,
        /** The last body was sent; the WebSocket is closed. */
        COMPLETE
    }

    private Phase phase = Phase.WAITING;
    private boolean accepted;
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

    private long messagesReceived;
    private long messagesSent;
    private int closeCode;
    private @Nullable String closeReason;
    private boolean closedByClient;
    private boolean clientLeft;
    private @Nullable String subprotocol;
    private final int keptMessages;
    private List<Message> messages = List.of();

    /**
     * A message of a WebSocket.
     *
     * @param sent to the client, else received from it
     * @param bytes of its payload, a text's in UTF-8
     */
    record Message(long epochNanos, boolean sent, boolean text, long bytes) {}

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
        if (phase == Phase.WAITING) {
            phase = Phase.RESPONDING;
        }
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
        if (phase == Phase.WAITING && !clientLeft) {
            this.status = status;
            phase = status == 0 ? Phase.RESPONDING : Phase.COMPLETE;
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
        if (phase != Phase.RESPONDING) {
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
        if (last) {
            phase = Phase.COMPLETE;
            completeNanos = epochNanos;
        }
    }

    /** The server took the last body; until then the client may have been slow to read. */
    public void responseTaken(long epochNanos) {
        if (completeNanos != 0) {
            completeNanos = epochNanos;
        }
    }

    /** A part of the request's body reached the application. */
    public void requestBody(long bytes) {
        bytesReceived += Math.max(0, bytes);
    }

    /** {@code http.disconnect}: after the response it is how a connection ends, before it may be a loss. */
    public void left(long epochNanos) {
        if (phase == Phase.WAITING) {
            clientLeft = true;
        } else if (phase == Phase.RESPONDING && leftNanos == 0) {
            leftNanos = epochNanos;
        }
    }

    /** {@code websocket.accept}. */
    public void accepted(@Nullable String subprotocol) {
        if (phase == Phase.WAITING) {
            this.subprotocol = subprotocol;
            status = SWITCHING_PROTOCOLS;
            accepted = true;
            phase = Phase.RESPONDING;
        }
    }

    /** A message to the client. */
    public void messageSent(long epochNanos, boolean text, long bytes) {
        messagesSent(1, bytes);
        keep(epochNanos, true, text, bytes);
    }

    /** So many messages to the client, text or binary, of so many bytes together. */
    public void messagesSent(long messages, long bytes) {
        messagesSent += Math.max(0, messages);
        bytesSent += Math.max(0, bytes);
    }

    /** A message from the client. */
    public void messageReceived(long epochNanos, boolean text, long bytes) {
        messagesReceived(1, bytes);
        keep(epochNanos, false, text, bytes);
    }

    /** So many messages from the client, text or binary, of so many bytes together. */
    public void messagesReceived(long messages, long bytes) {
        messagesReceived += Math.max(0, messages);
        bytesReceived += Math.max(0, bytes);
    }

    private void keep(long epochNanos, boolean sent, boolean text, long bytes) {
        if (messages.size() < keptMessages) {
            if (messages.isEmpty()) {
                messages = new ArrayList<>();
            }
            messages.add(new Message(epochNanos, sent, text, Math.max(0, bytes)));
        }
    }

    /** As {@link #closed(int, String)}, without a reason. */
    public void closed(int code) {
        closed(code, null);
    }

    /** {@code websocket.close} by the application: before the handshake was answered it is a 403. */
    public void closed(int code, @Nullable String reason) {
        if (phase == Phase.WAITING) {
            status = FORBIDDEN;
        } else if (closeCode == 0 && !closedByClient) {
            closeCode = code;
            closeReason = "".equals(reason) ? null : reason;
        }
        phase = Phase.COMPLETE;
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
        if (phase == Phase.COMPLETE) {
            return;
        }
        if (phase == Phase.WAITING || code == CLOSE_ABNORMAL) {
            clientLeft = true;
        }
        if (!closedByClient && closeCode == 0 && phase == Phase.RESPONDING) {
            closeCode = code;
            closeReason = "".equals(reason) ? null : reason;
            closedByClient = true;
        }
    }

    Phase phase() {
        return phase;
    }

    boolean isAccepted() {
        return accepted;
    }

    /** 0 if none is known. */
    int status() {
        return status;
    }

    long firstBodyNanos() {
        return firstBodyNanos;
    }

    /** 0 if it was not completed. */
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
        return phase == Phase.COMPLETE ? promised : UNKNOWN;
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

    long messagesReceived() {
        return messagesReceived;
    }

    long messagesSent() {
        return messagesSent;
    }

    /** 0 if it was not closed, or the server did not tell. */
    int closeCode() {
        return closeCode;
    }

    /** What the side that closed gave as its reason; null if nothing. */
    @Nullable
    String closeReason() {
        return closeReason;
    }

    boolean closedByClient() {
        return closedByClient;
    }

    /** Before anything was answered, or without closing its WebSocket. */
    boolean clientLeft() {
        return clientLeft;
    }

    /** The first of those that were told singly, in their order. */
    List<Message> messages() {
        return messages;
    }

    @Nullable
    String subprotocol() {
        return subprotocol;
    }
}
