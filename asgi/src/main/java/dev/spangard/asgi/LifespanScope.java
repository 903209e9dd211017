// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lifetime of the server (Lifespan, Scope).
 *
 * @param state empty, for the application to fill; not copied
 */
public record LifespanScope(AsgiVersion asgi, @Nullable Map<String, Object> state) implements Scope {
    @Override
    public String type() {
        return "lifespan";
    }

    /** Returns the type without the state, which may hold secrets. */
    @Override
    public String toString() {
        return "LifespanScope[]";
    }
}
