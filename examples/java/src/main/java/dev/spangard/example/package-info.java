// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
/** An ASGI application in Java, recorded. */
@NullMarked
package dev.spangard.example;

import org.jspecify.annotations.NullMarked;
