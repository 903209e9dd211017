// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The value of the {@link Extension#TLS} extension (ASGI TLS Extension 0.2, TLS Connection Scope).
 *
 * @param serverCert PEM; null if the server cannot tell
 * @param clientCertChain PEM, the client's own first; empty if it sent none
 * @param clientCertName RFC 4514; null if there is none
 * @param clientCertError why verification failed; null if it did not
 * @param tlsVersion {@code 0x0304} is TLS 1.3; {@link #UNKNOWN} if the server cannot tell
 * @param cipherSuite {@code 0x1301} is TLS_AES_128_GCM_SHA256; {@link #UNKNOWN} if the server cannot tell
 */
public record TlsInfo(
        @Nullable String serverCert,
        List<String> clientCertChain,
        @Nullable String clientCertName,
        @Nullable String clientCertError,
        int tlsVersion,
        int cipherSuite) {
    /** The number that stands for a version or a suite that the server cannot tell. */
    public static final int UNKNOWN = -1;

    /**
     * Copies the chain and checks what belongs together.
     *
     * @throws IllegalArgumentException if a chain comes without a name, or the error is empty
     */
    public TlsInfo {
        clientCertChain = List.copyOf(clientCertChain);
        if (clientCertName == null && !clientCertChain.isEmpty()) {
            throw new IllegalArgumentException("a client's certificate without its name");
        }
        if (clientCertError != null && clientCertError.isEmpty()) {
            throw new IllegalArgumentException("an empty clientCertError");
        }
    }
}
