// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was said in a WebSocket beside its bytes: how many messages, the first of them singly, how it was closed. Owned
 * by its {@link Conversation}, which makes it when there is something to note, so that an HTTP request has none. Not
 * thread-safe.
 */
final class WebSocketTraffic {
    /** The traffic of a WebSocket of which nothing is noted, for readers. Nobody writes to it. */
    static final WebSocketTraffic NONE = new WebSocketTraffic(0);

    private final int keptMessages;
    private long messagesReceived;
    private long messagesSent;
    private List<WebSocketMessage> messages = List.of();
    private @Nullable String subprotocol;
    private int closeCode = Conversation.UNTOLD;
    private @Nullable String closeReason;

    /**
     * Makes the traffic of one WebSocket.
     *
     * @param keptMessages how many single messages are remembered, the first ones
     */
    WebSocketTraffic(int keptMessages) {
        this.keptMessages = keptMessages;
    }

    void sent(long messages) {
        messagesSent += Math.max(0, messages);
    }

    void received(long messages) {
        messagesReceived += Math.max(0, messages);
    }

    /** Remembers a message; makes none that there is no room for. */
    void keep(long epochNanos, boolean sent, boolean text, long bytes) {
        if (messages.size() < keptMessages) {
            if (messages.isEmpty()) {
                messages = new ArrayList<>();
            }
            messages.add(new WebSocketMessage(epochNanos, sent, text, bytes));
        }
    }

    void accepted(@Nullable String subprotocol) {
        this.subprotocol = subprotocol;
    }

    void closed(int code, @Nullable String reason) {
        closeCode = code;
        closeReason = "".equals(reason) ? null : reason;
    }

    long messagesReceived() {
        return messagesReceived;
    }

    long messagesSent() {
        return messagesSent;
    }

    /** Returns the first of the messages that were noted singly, in their order. */
    List<WebSocketMessage> messages() {
        return messages;
    }

    @Nullable
    String subprotocol() {
        return subprotocol;
    }

    /** Returns the close code; {@link Conversation#UNTOLD} if it was not closed, or the server did not tell. */
    int closeCode() {
        return closeCode;
    }

    /** Returns what the side that closed gave as its reason; null if nothing. */
    @Nullable
    String closeReason() {
        return closeReason;
    }
}
