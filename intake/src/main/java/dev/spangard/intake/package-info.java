// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** The engine's socket: recorders in, telemetry out. */
@NullMarked
package dev.spangard.intake;

import org.jspecify.annotations.NullMarked;
