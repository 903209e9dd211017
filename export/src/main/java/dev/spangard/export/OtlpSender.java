// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.concurrent.CompletableFuture;

/** Takes one encoded export request to a collector, once: who asks decides on a further try. Thread-safe. */
interface OtlpSender {
    /**
     * Sends within the exporter's timeout.
     *
     * @param request {@code ExportTraceServiceRequest}, encoded; not changed until the answer
     * @return the collector's encoded response, or a {@link ExportException}; never anything else, and always in time
     */
    CompletableFuture<byte[]> send(byte[] request);

    /** Lets go of connections and threads at once; what is under way fails. */
    void close();
}
