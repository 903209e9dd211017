// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.books;

/**
 * How many things of each signal that the books know.
 *
 * @param requests finished requests
 * @param spans spans that applications made by OpenTelemetry's API
 */
public record Counts(long requests, long spans) {
    /** Nothing that is in the books. */
    public static final Counts NONE = new Counts(0, 0);

    /** One request. */
    public static final Counts REQUEST = new Counts(1, 0);

    /** One span of an application's own. */
    public static final Counts SPAN = new Counts(0, 1);

    /** So many requests and no span. */
    public static Counts ofRequests(long requests) {
        return new Counts(requests, 0);
    }

    /** Both together. */
    public Counts plus(Counts other) {
        return new Counts(requests + other.requests, spans + other.spans);
    }

    /** What is left when the other, which is a part of this, is taken away. */
    public Counts minus(Counts other) {
        return new Counts(requests - other.requests, spans - other.spans);
    }

    /** What is here beyond the other; nothing of a signal of which the other has more. */
    public Counts beyond(Counts other) {
        return new Counts(Math.max(0, requests - other.requests), Math.max(0, spans - other.spans));
    }
}
