// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
/**
 * ASGI 3 as Java types. {@link dev.spangard.asgi.AsgiApplication} is what servers host and middleware wraps; it is called
 * with one of the {@link dev.spangard.asgi.Scope}s and speaks in {@link dev.spangard.asgi.ReceiveEvent}s and
 * {@link dev.spangard.asgi.SendEvent}s.
 *
 * <p>"ASGI" in this package is the specification 3.0, "HTTP" and "WebSocket" its sub-specification "HTTP &amp; WebSocket
 * ASGI Message Format" 2.5, "Lifespan" the "Lifespan Protocol" 2.0, "Extensions" the page of that name.
 */
@NullMarked
package dev.spangard.asgi;

import org.jspecify.annotations.NullMarked;
