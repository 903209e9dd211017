// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.concurrent.CompletableFuture;

/**
 * Takes one encoded export request to a collector, once: who asks decides on a further attempt. Any thread may call it.
 */
interface OtlpSender {
    /**
     * Sends within the exporter's timeout.
     *
     * @param request an encoded {@code ExportTraceServiceRequest}; not changed until the answer
     * @return completed in time, on any thread, by the collector's encoded response or an {@link ExportException}, and
     *     by nothing else
     */
    CompletableFuture<byte[]> send(byte[] request);

    /** Lets go of connections and threads at once; what is under way fails. */
    void close();
}
