// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.books.ProcessOutput;
import org.jspecify.annotations.Nullable;

/**
 * Who a recorder is by the kernel's word, whatever its HELLO says.
 *
 * @param user the name of its user
 * @param isGuest whether that is another than the engine's
 * @param output its standard output; null for a guest, for whom nothing is written anywhere
 */
public record Caller(String user, boolean isGuest, @Nullable ProcessOutput output) {}
