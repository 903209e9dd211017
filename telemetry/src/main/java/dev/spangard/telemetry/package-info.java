// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** One request as spans and metrics. */
@NullMarked
package dev.spangard.telemetry;

import org.jspecify.annotations.NullMarked;
