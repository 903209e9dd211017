// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.Counts;

/**
 * One batch in a spool.
 *
 * @param spans how many spans the request has, at least 1
 * @param counts how many of the spans the service's books count
 * @param request an encoded {@code ExportTraceServiceRequest}; not changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SpoolRecord(int spans, Counts counts, byte[] request) {}
