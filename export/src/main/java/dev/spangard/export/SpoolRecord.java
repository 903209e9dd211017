// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * One batch in a spool.
 *
 * @param spans in the request, at least 1
 * @param requests of the spans: those that the service's books count as a request each
 * @param request {@code ExportTraceServiceRequest}, encoded; not changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SpoolRecord(int spans, int requests, byte[] request) {}
