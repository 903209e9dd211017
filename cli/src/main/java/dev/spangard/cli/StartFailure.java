// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says in plain words why the engine does not start, where the exception's own message is but a path. */
final class StartFailure {
    private StartFailure() {}

    static String of(Exception failure) {
        Throwable cause = failure.getCause();
        return switch (failure instanceof UncheckedIOException && cause != null ? cause : failure) {
            case NoSuchFileException file -> file.getFile() + " is not there and cannot be made";
            case AccessDeniedException file -> "this user may not read, write or make " + file.getFile();
            case FileAlreadyExistsException file -> file.getFile() + " is in the way: it is no directory";
            case FileSystemException file
            when file.getFile() != null && file.getReason() != null -> file.getFile() + ": " + file.getReason();
            case Throwable other -> other.getMessage() == null ? "input or output fails" : other.getMessage();
        };
    }
}
