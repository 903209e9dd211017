// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spangard.export.Spool;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineOptionsTest {
    private static EngineOptions parse(String line) throws UsageException {
        return EngineOptions.parse(line.isEmpty() ? List.of() : List.of(line.split(" ")), Map.of());
    }

    @Test
    void readsEveryFlagInBothForms() throws UsageException {
        var expected = new EngineOptions(
                Path.of("/run/e.sock"),
                true,
                Set.of(1000, 1001),
                Duration.ofMillis(2500),
                new EngineOptions.Spooling(Path.of("/var/spool"), 5L << 20),
                new InetSocketAddress(InetAddress.ofLiteral("::1"), 9000),
                true,
                Level.DEBUG,
                LogFormat.JSON);

        assertThat(parse(
                        "--socket /run/e.sock --replace --allow-uid 1000 --allow-uid 1001 --idle-exit 2.5 --admin [::1]:9000"
                                + " --spool /var/spool --spool-max-bytes 5242880 --log-level debug --log-format json"))
                .isEqualTo(expected);
        assertThat(parse("--socket=/run/e.sock --replace --allow-uid=1000,1001 --idle-exit=2.5 --admin=[::1]:9000"
                        + " --spool=/var/spool --spool-max-bytes=5m --log-level=DEBUG --log-format=json"))
                .isEqualTo(expected);
    }

    @Test
    void neverLeavesAndAnswersOnTheLoopbackByDefault() throws UsageException {
        assertThat(parse("--socket /run/e.sock"))
                .isEqualTo(new EngineOptions(
                        Path.of("/run/e.sock"),
                        false,
                        Set.of(),
                        null,
                        null,
                        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9464),
                        false,
                        Level.INFO,
                        LogFormat.TEXT));
        assertThat(parse("--socket /run/e.sock --admin off").admin()).isNull();
        assertThat(parse("--socket /run/e.sock --admin 127.0.0.1:9464").asksForAdmin())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"4194304,4194304", "4096K,4194304", "4M,4194304", "4g,4294967296", "999999999G,1073741822926258176"})
    void readsHowMuchTheSpoolMayHold(String text, long bytes) throws UsageException {
        assertThat(parse("--socket /x --spool /y --spool-max-bytes " + text).spool())
                .isEqualTo(new EngineOptions.Spooling(Path.of("/y"), bytes));
    }

    @Test
    void spoolsOnlyWhereAskedTo() throws UsageException {
        Map<String, String> environment = Map.of("SPANGARD_SPOOL", "/y", "SPANGARD_SPOOL_MAX_BYTES", "8M");
        List<String> socket = List.of("--socket", "/x");

        assertThat(EngineOptions.parse(socket, environment).spool())
                .isEqualTo(new EngineOptions.Spooling(Path.of("/y"), 8L << 20));
        assertThat(EngineOptions.parse(socket, Map.of("SPANGARD_SPOOL", "/y")).spool())
                .isEqualTo(new EngineOptions.Spooling(Path.of("/y"), Spool.DEFAULT_BYTES));
        assertThat(parse("--socket /x --spool-max-bytes 8M").spool()).isNull();
        assertThatThrownBy(() -> EngineOptions.parse(socket, Map.of("SPANGARD_SPOOL_MAX_BYTES", "much")))
                .isInstanceOf(UsageException.class)
                .hasMessage("SPANGARD_SPOOL_MAX_BYTES much is not a number of bytes of 4M or more");
    }

    @Test
    void environmentSaysWhatNoFlagDoes() throws UsageException {
        Map<String, String> environment = Map.of("SPANGARD_SOCKET", "/run/e.sock", "OTEL_LOG_LEVEL", "error");

        assertThat(EngineOptions.parse(List.of(), environment).socket()).isEqualTo(Path.of("/run/e.sock"));
        assertThat(EngineOptions.parse(List.of(), environment).logLevel()).isEqualTo(Level.ERROR);
        assertThat(EngineOptions.parse(List.of("--socket", "/tmp/x"), environment)
                        .socket())
                .isEqualTo(Path.of("/tmp/x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--socket",
                "--socket /x --nonsense",
                "--socket /x --replace=yes",
                "--socket /x --spool",
                "--socket /x --spool-max-bytes 4194303",
                "--socket /x --spool-max-bytes 4095K",
                "--socket /x --spool-max-bytes 3M",
                "--socket /x --spool-max-bytes -5M",
                "--socket /x --spool-max-bytes 5T",
                "--socket /x --spool-max-bytes 1000000000G",
                "--socket /x --spool-max-bytes 1.5G",
                "--socket /x --allow-uid nobody",
                "--socket /x --allow-uid 1000,",
                "--socket /x extra",
                "--socket /x --idle-exit soon",
                "--socket /x --idle-exit -1",
                "--socket /x --admin 9464",
                "--socket /x --admin :9464",
                "--socket /x --admin [::1",
                "--socket /x --admin ::1:9464",
                "--socket /x --admin localhost:65536",
                "--socket /x --log-level loud",
                "--socket /x --log-format xml",
            })
    void aWrongCommandLineIsRefused(String line) {
        assertThatThrownBy(() -> parse(line)).isInstanceOf(UsageException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "--log_level, unknown flag --log_level (did you mean --log-level?)",
        "--log_level=s3cret, unknown flag --log_level (did you mean --log-level?)",
        "--sockt, unknown flag --sockt (did you mean --socket?)",
        "--spool-max-byte, unknown flag --spool-max-byte (did you mean --spool-max-bytes?)",
        "--nonsense, unknown flag --nonsense",
        "-s, unknown flag -s",
        "uvicorn, 'engine takes flags alone, not uvicorn'",
        "--socket=/, '--socket / is a directory, not a place for a socket'",
    })
    void aFlagThatThereIsNotIsToldWithTheOneThatIsMostLikeIt(String argument, String said) {
        assertThatThrownBy(() -> parse("--socket /x " + argument)).hasMessage(said);
    }
}
