// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** Commands, configuration, SDK assembly, signals: the only composition root. */
@NullMarked
package dev.spangard.cli;

import org.jspecify.annotations.NullMarked;
