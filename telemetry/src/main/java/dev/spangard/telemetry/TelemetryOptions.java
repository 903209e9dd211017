// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.Set;

/**
 * What is recorded and how much of it. Immutable.
 *
 * @param knownMethods request methods reported as they are, case-sensitive; others become {@code _OTHER} ({@code
 *     OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS}, a full override)
 * @param sensitiveQueryParameters keys, case-sensitive, whose values in {@code url.query} become {@code REDACTED}
 * @param attributeValueLengthLimit characters of one attribute value ({@code OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT})
 * @param workerPid whether spans carry {@code process.pid} of the worker that served the request
 * @param trustedProxies whose {@code Forwarded} and {@code X-Forwarded-*} headers say who the client is and what it
 *     asked for
 * @param optIns attributes that are recorded only when asked for
 * @param exceptions as what an exception that left the application is recorded
 * @param webSocketEvents how many messages of a WebSocket are events of its span; the first so many
 */
public record TelemetryOptions(
        Set<String> knownMethods,
        Set<String> sensitiveQueryParameters,
        int attributeValueLengthLimit,
        boolean workerPid,
        TrustedProxies trustedProxies,
        Set<OptIn> optIns,
        ExceptionSignal exceptions,
        int webSocketEvents) {
    /** The methods of RFC 9110, PATCH of RFC 5789 and QUERY, as the HTTP semantic conventions list them. */
    public static final Set<String> DEFAULT_KNOWN_METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY");

    /** The parameters that the HTTP semantic conventions list: signatures and credentials of signed URLs. */
    public static final Set<String> DEFAULT_SENSITIVE_QUERY_PARAMETERS = Set.of(
            "X-Amz-Signature",
            "X-Amz-Credential",
            "X-Amz-Security-Token",
            "AWSAccessKeyId",
            "Signature",
            "sig",
            "X-Goog-Signature");

    /** How many characters of an attribute's value are kept where nobody says otherwise. */
    public static final int DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT = 4096;

    /** The options of which nobody says otherwise. */
    public static final TelemetryOptions DEFAULTS = new TelemetryOptions(
            DEFAULT_KNOWN_METHODS,
            DEFAULT_SENSITIVE_QUERY_PARAMETERS,
            DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT,
            false,
            TrustedProxies.NONE,
            Set.of(),
            ExceptionSignal.SPAN_EVENTS,
            0);

    /**
     * Checks the limits and copies the sets.
     *
     * @throws IllegalArgumentException if a limit is negative
     */
    public TelemetryOptions {
        if (attributeValueLengthLimit < 0) {
            throw new IllegalArgumentException(
                    "attributeValueLengthLimit " + attributeValueLengthLimit + " is negative");
        }
        if (webSocketEvents < 0) {
            throw new IllegalArgumentException("webSocketEvents " + webSocketEvents + " is negative");
        }
        knownMethods = Set.copyOf(knownMethods);
        sensitiveQueryParameters = Set.copyOf(sensitiveQueryParameters);
        optIns = Set.copyOf(optIns);
    }
}
