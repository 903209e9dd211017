// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** What the engine costs, measured from outside. */
@NullMarked
package dev.spangard.bench;

import org.jspecify.annotations.NullMarked;
