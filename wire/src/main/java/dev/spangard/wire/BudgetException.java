// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.wire;

/**
 * Thrown by a {@link FrameAssembler} whose frame has no room, as all connections together hold as much as they may.
 * Whoever reads the connection ends it; the recorder sends the frame again.
 */
public final class BudgetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BudgetException(ByteBudget budget) {
        super("large frames of all connections together hold " + budget.limit() + " bytes already", null, false, false);
    }
}
