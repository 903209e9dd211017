// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an application is called for (ASGI, Connection Scope). */
public sealed interface Scope permits ConnectionScope, LifespanScope {
    /** Returns {@code scope["type"]} as ASGI names it. */
    String type();

    /** Returns {@code scope["asgi"]}: the version of ASGI that the server speaks. */
    AsgiVersion asgi();

    /**
     * Returns the application's own namespace. The application fills it while the lifespan starts, and each
     * connection's scope has a shallow copy (Lifespan, Lifespan State). The map is mutable, and the application's
     * alone.
     *
     * @return null if the server does not support it
     */
    @Nullable
    Map<String, Object> state();
}
