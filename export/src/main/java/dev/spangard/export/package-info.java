// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** Spans, metrics and logs on their way out: queue, retry, spool, OTLP, printing. */
@NullMarked
package dev.spangard.export;

import org.jspecify.annotations.NullMarked;
