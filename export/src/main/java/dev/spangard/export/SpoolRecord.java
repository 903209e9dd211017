// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

/**
 * One batch in a spool.
 *
 * @param spans how many spans the request has, at least 1
 * @param requests how many of the spans the service's books count as a request each
 * @param request an encoded {@code ExportTraceServiceRequest}; not changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SpoolRecord(int spans, int requests, byte[] request) {}
