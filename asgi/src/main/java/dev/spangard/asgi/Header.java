// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

/** One header line. Its name may have upper case letters in a request; it has none in what an application sends. */
public record Header(ByteString name, ByteString value) {
    /** Returns the name without the value, which may be a secret. */
    @Override
    public String toString() {
        return name + ": …";
    }
}
