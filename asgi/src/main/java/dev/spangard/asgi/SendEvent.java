// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** What an application sends. Its buffers are the server's from then on. */
public sealed interface SendEvent permits HttpSendEvent, WebSocketSendEvent, LifespanSendEvent {
    /** Returns {@code message["type"]} as ASGI names it. */
    String type();
}
