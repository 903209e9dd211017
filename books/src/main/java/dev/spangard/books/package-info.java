// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0

/** What became of each request: accounts, the mapped ledger, the directory they lie in. */
@NullMarked
package dev.spangard.books;

import org.jspecify.annotations.NullMarked;
