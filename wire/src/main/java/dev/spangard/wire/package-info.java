// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** Marshal codec and frames: bytes in, values out, no I/O. */
@NullMarked
package dev.spangard.wire;

import org.jspecify.annotations.NullMarked;
