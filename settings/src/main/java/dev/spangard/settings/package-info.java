// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** {@code OTEL_*} and {@code SPANGARD_*} as typed values, from variables or a configuration file. */
@NullMarked
package dev.spangard.settings;

import org.jspecify.annotations.NullMarked;
