// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static io.opentelemetry.api.common.AttributeKey.booleanKey;
import static io.opentelemetry.api.common.AttributeKey.doubleKey;
import static io.opentelemetry.api.common.AttributeKey.longKey;
import static io.opentelemetry.api.common.AttributeKey.stringKey;

import io.opentelemetry.api.common.AttributeKey;

/** Attributes that the stable semantic conventions do not name. docs/telemetry.md says what each means. */
final class Keys {
    /** The size of a request's body as it was counted, not declared (semantic conventions, in development). */
    static final AttributeKey<Long> REQUEST_BODY_SIZE = longKey("http.request.body.size");

    static final AttributeKey<Long> RESPONSE_BODY_SIZE = longKey("http.response.body.size");
    static final AttributeKey<Long> PROCESS_PID = longKey("process.pid");
    static final AttributeKey<String> SYNTHETIC_TYPE = stringKey("user_agent.synthetic.type");
    static final AttributeKey<String> IO_DIRECTION = stringKey("network.io.direction");

    static final AttributeKey<Double> TIME_TO_FIRST_BYTE = doubleKey("spangard.response.time_to_first_byte");
    static final AttributeKey<Long> RESPONSE_CHUNKS = longKey("spangard.response.chunks");
    static final AttributeKey<Double> STREAMING_TIME = doubleKey("spangard.response.streaming_time");
    static final AttributeKey<Double> BACKGROUND_TIME = doubleKey("spangard.background_time");
    static final AttributeKey<Boolean> CLIENT_DISCONNECTED = booleanKey("spangard.client.disconnected");
    static final AttributeKey<Long> MESSAGES_RECEIVED = longKey("spangard.websocket.messages.received");
    static final AttributeKey<Long> MESSAGES_SENT = longKey("spangard.websocket.messages.sent");
    static final AttributeKey<Long> BYTES_RECEIVED = longKey("spangard.websocket.bytes.received");
    static final AttributeKey<Long> BYTES_SENT = longKey("spangard.websocket.bytes.sent");
    static final AttributeKey<Long> CLOSE_CODE = longKey("spangard.websocket.close.code");
    static final AttributeKey<String> CLOSE_REASON = stringKey("spangard.websocket.close.reason");
    static final AttributeKey<String> CLOSED_BY = stringKey("spangard.websocket.close.by");
    static final AttributeKey<String> SUBPROTOCOL = stringKey("spangard.websocket.subprotocol");

    /** The name of the event of one message. */
    static final String MESSAGE_EVENT = "spangard.websocket.message";

    static final AttributeKey<String> MESSAGE_TYPE = stringKey("spangard.websocket.message.type");
    static final AttributeKey<Long> MESSAGE_SIZE = longKey("spangard.websocket.message.size");

    /** The value of {@link #IO_DIRECTION} for what the application received. */
    static final String RECEIVE = "receive";

    /** The value of {@link #IO_DIRECTION} for what the application sent. */
    static final String TRANSMIT = "transmit";

    /** The name of the log record of an exception that left the application (semantic conventions, in development). */
    static final String EXCEPTION_EVENT = "http.server.request.exception";

    private Keys() {}
}
