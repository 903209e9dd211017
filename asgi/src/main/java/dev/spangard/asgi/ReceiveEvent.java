// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** What an application receives. Its buffers are the receiver's from then on. */
public sealed interface ReceiveEvent permits HttpReceiveEvent, WebSocketReceiveEvent, LifespanReceiveEvent {
    /** Returns {@code message["type"]} as ASGI names it. */
    String type();
}
