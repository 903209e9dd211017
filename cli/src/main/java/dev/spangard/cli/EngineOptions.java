// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.cli;

import dev.spangard.export.Spool;
import dev.spangard.settings.Settings;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The flags of {@code spangard engine}.
 *
 * @param idleExit after how long without a recorder the engine leaves; null for never
 * @param replace whether an engine that serves the socket is to end and this one to go on in its place
 * @param allowedUids users served beside the engine's own
 * @param spool where spans wait on disk; null for nowhere
 * @param admin where {@code /livez}, {@code /readyz} and {@code /metrics} answer; null for nowhere
 * @param asksForAdmin whether somebody has named that place, and is to be told if it cannot be had
 */
record EngineOptions(
        Path socket,
        boolean replace,
        Set<Integer> allowedUids,
        @Nullable Duration idleExit,
        @Nullable Spooling spool,
        @Nullable InetSocketAddress admin,
        boolean asksForAdmin,
        Level logLevel,
        LogFormat logFormat) {
    /**
     * Where and how large the spool is.
     *
     * @param maxBytes of all files together
     */
    record Spooling(Path directory, long maxBytes) {}

    static final String HELP = """
            usage: spangard engine [FLAGS]

              --socket PATH        where recorders connect (SPANGARD_SOCKET)
              --replace            take over from the engine that serves this socket: it ends, recorders come here
              --allow-uid UID,...  further users whose applications may connect; default: the engine's only
              --idle-exit SECONDS  leave after this long without a recorder; 0, the default: never
              --spool DIR          keep spans on disk until their collector has them (SPANGARD_SPOOL)
              --spool-max-bytes N  of all files there, 4M at least; K, M or G may follow; default 256M
                                   (SPANGARD_SPOOL_MAX_BYTES)
              --admin HOST:PORT    /livez, /readyz, /metrics; default 127.0.0.1:9464; off for none
              --log-level LEVEL    debug, info, warning or error; default info (OTEL_LOG_LEVEL)
              --log-format FORMAT  text, the default, or json: one object a line
              --help, --version

            Exit codes: 0 after an orderly end, 2 for a wrong command line, 3 if it cannot start, 4 if another engine
            serves the socket.
            """;

    /** The address at which Prometheus expects an OpenTelemetry exporter (OTEL_EXPORTER_PROMETHEUS_PORT's default). */
    private static final String DEFAULT_ADMIN = "127.0.0.1:9464";

    /** A number of bytes, of so many digits that no unit makes it too large for a long. */
    private static final Pattern BYTES = Pattern.compile("([0-9]{1,9}|[0-9]{1,15}(?=$))([KMGkmg]?)");

    /**
     * Reads the flags.
     *
     * @param environment the engine's own, for what no flag says
     * @throws UsageException if a flag is unknown, or its value cannot be read
     */
    static EngineOptions parse(List<String> arguments, Map<String, String> environment) throws UsageException {
        String socket = environment.getOrDefault("SPANGARD_SOCKET", "");
        boolean replace = false;
        Set<Integer> allowedUids = new LinkedHashSet<>();
        String idleExit = "0";
        String spool = environment.getOrDefault("SPANGARD_SPOOL", "");
        long spoolBytes = bytes("SPANGARD_SPOOL_MAX_BYTES", environment.getOrDefault("SPANGARD_SPOOL_MAX_BYTES", ""));
        @Nullable String admin = null;
        String logLevel = environment.getOrDefault("OTEL_LOG_LEVEL", "info");
        LogFormat logFormat = LogFormat.TEXT;
        for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
            String argument = rest.next();
            int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
            String flag = equals < 0 ? argument : argument.substring(0, equals);
            switch (flag) {
                case "--socket" -> socket = value(flag, argument, equals, rest);
                case "--replace" -> replace = alone(flag, equals);
                case "--allow-uid" -> allowedUids.addAll(uids(value(flag, argument, equals, rest)));
                case "--idle-exit" -> idleExit = value(flag, argument, equals, rest);
                case "--spool" -> spool = value(flag, argument, equals, rest);
                case "--spool-max-bytes" -> spoolBytes = bytes(flag, value(flag, argument, equals, rest));
                case "--admin" -> admin = value(flag, argument, equals, rest);
                case "--log-level" -> logLevel = level(value(flag, argument, equals, rest), flag);
                case "--log-format" -> logFormat = format(value(flag, argument, equals, rest));
                default -> throw unknown(argument);
            }
        }
        if (socket.isEmpty()) {
            throw new UsageException("--socket PATH is missing, and so is SPANGARD_SOCKET");
        }
        return new EngineOptions(
                socketPath(socket),
                replace,
                allowedUids,
                seconds(idleExit),
                spool.isEmpty() ? null : new Spooling(path("--spool", spool), spoolBytes),
                address(admin == null ? DEFAULT_ADMIN : admin),
                admin != null,
                level(logLevel),
                logFormat);
    }

    private static UsageException unknown(String argument) {
        String flag = Settings.shortened(argument.split("=", 2)[0]); // the value may be a secret
        return argument.startsWith("-")
                ? new UsageException("unknown flag " + flag + FlagSpelling.advice(flag))
                : new UsageException("engine takes flags alone, not " + flag);
    }

    private static boolean alone(String flag, int equals) throws UsageException {
        if (equals >= 0) {
            throw new UsageException(flag + " takes no value");
        }
        return true;
    }

    private static String value(String flag, String argument, int equals, Iterator<String> rest) throws UsageException {
        if (equals >= 0) {
            return argument.substring(equals + 1);
        }
        if (!rest.hasNext()) {
            throw new UsageException(flag + " needs a value");
        }
        return rest.next();
    }

    private static Path socketPath(String text) throws UsageException {
        Path path = path("--socket", text);
        if (path.getFileName() == null) {
            throw new UsageException("--socket " + path + " is a directory, not a place for a socket");
        }
        return path;
    }

    private static Path path(String flag, String text) throws UsageException {
        try {
            return Path.of(text).toAbsolutePath();
        } catch (InvalidPathException e) {
            throw new UsageException(flag + " " + Settings.shortened(text) + " is not a path");
        }
    }

    /**
     * Reads a number of bytes.
     *
     * @param text empty for the default
     */
    private static long bytes(String flag, String text) throws UsageException {
        if (text.isEmpty()) {
            return Spool.DEFAULT_BYTES;
        }
        Matcher number = BYTES.matcher(text);
        long bytes = number.matches() ? Long.parseLong(number.group(1)) << (10 * " KMG".indexOf(unit(number))) : 0;
        if (bytes < Spool.MIN_BYTES) {
            throw new UsageException(flag + " " + Settings.shortened(text) + " is not a number of bytes of "
                    + (Spool.MIN_BYTES >> 20) + "M or more");
        }
        return bytes;
    }

    private static String unit(Matcher number) {
        String unit = number.group(2).toUpperCase(Locale.ROOT);
        return unit.isEmpty() ? " " : unit;
    }

    private static Set<Integer> uids(String text) throws UsageException {
        Set<Integer> uids = new LinkedHashSet<>();
        for (String uid : text.split(",", -1)) {
            try {
                uids.add(Integer.parseUnsignedInt(uid.strip()));
            } catch (NumberFormatException e) {
                throw new UsageException(
                        "--allow-uid " + Settings.shortened(text) + " is not a list of numbers of users");
            }
        }
        return uids;
    }

    private static @Nullable Duration seconds(String text) throws UsageException {
        try {
            double seconds = Double.parseDouble(text);
            if (seconds >= 0 && seconds <= Integer.MAX_VALUE) {
                return seconds == 0 ? null : Duration.ofMillis(Math.max(1, Math.round(seconds * 1000)));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException("--idle-exit " + Settings.shortened(text) + " is not a number of seconds");
    }

    private static @Nullable InetSocketAddress address(String text) throws UsageException {
        if (text.equals("off")) {
            return null;
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.contains(":") || host.contains("[")) {
            host = "";
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty() && port >= 0 && port <= 0xffff) {
                return new InetSocketAddress(host, port);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException("--admin " + Settings.shortened(text) + " is not HOST:PORT or off");
    }

    /**
     * Checks a flag's level. The flag must be right; the variable, which Python's users set for Python, only should.
     */
    private static String level(String text, String flag) throws UsageException {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "debug", "info", "warning", "warn", "error" -> text;
            default ->
                throw new UsageException(
                        flag + " " + Settings.shortened(text) + " is not debug, info, warning or error");
        };
    }

    private static LogFormat format(String text) throws UsageException {
        return switch (text) {
            case "text" -> LogFormat.TEXT;
            case "json" -> LogFormat.JSON;
            default -> throw new UsageException("--log-format " + Settings.shortened(text) + " is not text or json");
        };
    }

    private static Level level(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "debug" -> Level.DEBUG;
            case "warning", "warn" -> Level.WARNING;
            case "error", "fatal" -> Level.ERROR;
            default -> Level.INFO;
        };
    }
}
