// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

/**
 * One message of a WebSocket, of those that become events of its span.
 *
 * @param sent to the client, else received from it
 * @param bytes of its payload, a text's in UTF-8
 */
record WebSocketMessage(long epochNanos, boolean sent, boolean text, long bytes) {}
