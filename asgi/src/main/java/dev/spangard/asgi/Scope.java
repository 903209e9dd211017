// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an application is called for (ASGI, Connection Scope). */
public sealed interface Scope permits ConnectionScope, LifespanScope {
    /** {@code scope["type"]}. */
    String type();

    AsgiVersion asgi();

    /**
     * The application's own namespace: filled while the lifespan starts, a shallow copy of it in each connection's scope
     * (Lifespan, Lifespan State). Mutable, and the application's alone.
     *
     * @return null if the server does not support it
     */
    @Nullable
    Map<String, Object> state();
}
