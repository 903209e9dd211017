// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StartFailureTest {
    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new NoSuchFileException("/x"), "/x is not there and cannot be made"),
                Arguments.of(new AccessDeniedException("/x"), "this user may not read, write or make /x"),
                Arguments.of(new FileAlreadyExistsException("/x"), "/x is in the way: it is no directory"),
                Arguments.of(new FileSystemException("/x", null, "Read-only file system"), "/x: Read-only file system"),
                Arguments.of(new FileSystemException("/x"), "/x"),
                Arguments.of(new BindException("Permission denied"), "Permission denied"),
                Arguments.of(new IOException("/x must have mode 0700"), "/x must have mode 0700"),
                Arguments.of(new IOException(), "input or output fails"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void saysWhatIsWrongWithoutTheNameOfAClass(IOException failure, String said) {
        assertThat(StartFailure.of(failure)).isEqualTo(said);
        assertThat(StartFailure.of(new UncheckedIOException(failure))).isEqualTo(said);
    }
}
