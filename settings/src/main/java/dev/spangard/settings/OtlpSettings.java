// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where and how one signal leaves by OTLP (OpenTelemetry Protocol Exporter specification), with what Python's users
 * expect where their exporters differ from it. Immutable.
 *
 * <p>It holds secrets, in its headers and its key: nothing of it is to be shown but the endpoint, by {@link
 * Variables#shown}.
 *
 * @param protocol by which it is sent
 * @param endpoint the full URL for HTTP, scheme and authority for gRPC
 * @param headers by name, sent with each request
 * @param timeout of one request
 * @param gzip whether requests are compressed
 * @param trustedCertificates PEM; null for the platform's
 * @param clientKey PEM; null together with {@code clientCertificate}
 * @param clientCertificate PEM, the client's own first
 * @param retries whether an export that failed for a while is tried again
 */
public record OtlpSettings(
        Protocol protocol,
        String endpoint,
        Map<String, String> headers,
        Duration timeout,
        boolean gzip,
        @Nullable String trustedCertificates,
        @Nullable String clientKey,
        @Nullable String clientCertificate,
        boolean retries) {
    /** The transports that OTLP has here. */
    public enum Protocol {
        HTTP_PROTOBUF,
        GRPC;

        /** Returns the name that {@code OTEL_EXPORTER_OTLP_PROTOCOL} has for it. */
        public String shown() {
            return this == GRPC ? "grpc" : "http/protobuf";
        }
    }

    private static final int GRPC_PORT = 4317;
    private static final int HTTP_PORT = 4318;
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    /** Whether the application says where its telemetry should go. */
    public static boolean hasEndpoint(Settings settings, Signal signal) {
        return settings.text(signal.variable("ENDPOINT")) != null
                || settings.text("OTEL_EXPORTER_OTLP_ENDPOINT") != null;
    }

    /** Whether these variables name files for the engine to read. */
    public static boolean namesFiles(Map<String, String> variables) {
        return variables.entrySet().stream()
                .anyMatch(variable -> !variable.getValue().isBlank()
                        && variable.getKey().matches("OTEL_EXPORTER_OTLP_.*(CERTIFICATE|CLIENT_KEY)"));
    }

    /**
     * Reads what an exporter is configured with.
     *
     * @param name the exporter's, as in {@code OTEL_…_EXPORTER}
     * @return null if it exports by other means, or there is none of this name
     * @throws ConfigurationException if what the variables say cannot be exported with
     */
    public static @Nullable OtlpSettings ofExporter(Settings settings, Signal signal, String name)
            throws ConfigurationException {
        return switch (name) {
            case "otlp" -> read(settings, signal, null);
            case "otlp_proto_http" -> read(settings, signal, Protocol.HTTP_PROTOBUF);
            case "otlp_proto_grpc" -> read(settings, signal, Protocol.GRPC);
            default -> null;
        };
    }

    /**
     * Reads what the variables of a signal say, and the files that they name.
     *
     * @param named the protocol that the exporter's name implies ({@code otlp_proto_grpc}); null to look at the
     *     variables
     * @throws ConfigurationException if what they say cannot be exported with
     */
    public static OtlpSettings read(Settings settings, Signal signal, @Nullable Protocol named)
            throws ConfigurationException {
        String own = settings.text(signal.variable("ENDPOINT"));
        String common = settings.text("OTEL_EXPORTER_OTLP_ENDPOINT");
        String given = own == null ? common : own;
        String endpointVariable = own == null ? "OTEL_EXPORTER_OTLP_ENDPOINT" : signal.variable("ENDPOINT");

        URI uri = given == null ? null : uri(endpointVariable, given, isInsecure(settings, signal));
        Protocol protocol = named == null ? protocol(settings, signal, uri) : named;
        String endpoint = switch (protocol) {
            case GRPC -> uri == null ? "http://localhost:4317" : uri.getScheme() + "://" + uri.getAuthority();
            case HTTP_PROTOBUF -> httpEndpoint(uri, own != null, signal);
        };
        String key = PemFile.read(settings, signal, "CLIENT_KEY");
        String certificate = PemFile.read(settings, signal, "CLIENT_CERTIFICATE");
        if ((key == null) != (certificate == null)) {
            throw new ConfigurationException(
                    "OTEL_EXPORTER_OTLP_CLIENT_KEY and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE must be set together");
        }
        return new OtlpSettings(
                protocol,
                endpoint,
                headers(settings, signal),
                settings.timeout(
                        signal.variable("TIMEOUT"), settings.timeout("OTEL_EXPORTER_OTLP_TIMEOUT", DEFAULT_TIMEOUT)),
                gzip(settings, signal),
                PemFile.read(settings, signal, "CERTIFICATE"),
                key,
                certificate,
                true);
    }

    /**
     * Returns a text that is equal for exports that go to the same place with the same credentials. It holds secrets:
     * it is never shown.
     */
    public String destination() {
        var text = new StringBuilder().append(protocol);
        // Lengths keep a value that looks like the next entry from being taken for it.
        for (String part : Arrays.asList(endpoint, trustedCertificates, clientKey, clientCertificate)) {
            String present = Objects.requireNonNullElse(part, "");
            text.append(present.length()).append(';').append(present);
        }
        new TreeMap<>(headers)
                .forEach((name, value) -> text.append(name.length())
                        .append(name)
                        .append('=')
                        .append(value.length())
                        .append(value));
        return text.toString();
    }

    /** Returns these settings for one export whose fate is to be known: without retries, within {@code longest}. */
    public OtlpSettings once(Duration longest) {
        return with(shorter(longest), false);
    }

    /** Returns these settings with a timeout that is no longer than {@code longest}. */
    public OtlpSettings within(Duration longest) {
        return with(shorter(longest), retries);
    }

    private Duration shorter(Duration longest) {
        return timeout.compareTo(longest) < 0 ? timeout : longest;
    }

    private OtlpSettings with(Duration newTimeout, boolean newRetries) {
        return new OtlpSettings(
                protocol,
                endpoint,
                headers,
                newTimeout,
                gzip,
                trustedCertificates,
                clientKey,
                clientCertificate,
                newRetries);
    }

    private static String httpEndpoint(@Nullable URI uri, boolean own, Signal signal) {
        if (uri == null) {
            return "http://localhost:4318/" + signal.path();
        }
        String base = uri.toString();
        if (own) {
            return uri.getRawPath().isEmpty() ? base + "/" : base;
        }
        return base + (base.endsWith("/") ? "" : "/") + signal.path();
    }

    /**
     * Reads a URL. Python's gRPC exporter takes {@code collector:4317} too; whether that is plain text
     * OTEL_EXPORTER_OTLP_INSECURE says.
     */
    private static URI uri(String variable, String endpoint, boolean insecure) throws ConfigurationException {
        String absolute = endpoint.contains("://") ? endpoint : (insecure ? "http://" : "https://") + endpoint;
        try {
            URI uri = new URI(absolute);
            boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (http && uri.getHost() != null && uri.getRawQuery() == null && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // said below; the exception's message repeats the whole value, which may hold a password
        }
        throw new ConfigurationException(variable + " is not a URL of the form http(s)://host[:port][/path]");
    }

    private static boolean isInsecure(Settings settings, Signal signal) {
        String own = signal.variable("INSECURE");
        return settings.isTrue(settings.text(own) == null ? "OTEL_EXPORTER_OTLP_INSECURE" : own);
    }

    /**
     * Reads the protocol. Without a word about it, an endpoint at gRPC's port is gRPC: the Python distribution's
     * default, which users with that port rely on.
     */
    private static Protocol protocol(Settings settings, Signal signal, @Nullable URI uri)
            throws ConfigurationException {
        String variable = signal.variable("PROTOCOL");
        String value = settings.text(variable);
        if (value == null) {
            variable = "OTEL_EXPORTER_OTLP_PROTOCOL";
            value = settings.text(variable);
        }
        if (value == null) {
            return uri != null && uri.getPort() == GRPC_PORT ? Protocol.GRPC : Protocol.HTTP_PROTOBUF;
        }
        return switch (value) {
            case "grpc" -> {
                if (uri != null && uri.getPort() == HTTP_PORT) {
                    settings.warn(variable + " is grpc, but the endpoint's port 4318 is usually http/protobuf's; "
                            + "grpc usually has 4317");
                }
                yield Protocol.GRPC;
            }
            case "http/protobuf" -> {
                if (uri != null && uri.getPort() == GRPC_PORT) {
                    settings.warn(variable + " is http/protobuf, but the endpoint's port 4317 is usually gRPC's; "
                            + "http/protobuf usually has 4318");
                }
                yield Protocol.HTTP_PROTOBUF;
            }
            default ->
                throw new ConfigurationException(variable + "=" + Settings.shortened(value)
                        + " is not supported: it can be http/protobuf or grpc");
        };
    }

    private static Map<String, String> headers(Settings settings, Signal signal) throws ConfigurationException {
        String own = signal.variable("HEADERS");
        String variable = settings.text(own) == null ? "OTEL_EXPORTER_OTLP_HEADERS" : own;
        Map<String, String> headers = settings.pairs(variable);
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if (!isToken(header.getKey()) || !isFieldValue(header.getValue())) {
                throw new ConfigurationException(variable + " holds a name or a value that no header can have");
            }
        }
        return headers;
    }

    /** Whether a text can be a header's name (RFC 9110, section 5.6.2). */
    private static boolean isToken(String name) {
        return name.chars()
                .allMatch(c -> (c >= '0' && c <= '9')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= 'a' && c <= 'z')
                        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
    }

    /**
     * Whether a text can be a header's value (RFC 9110, section 5.5), without its obsolete bytes above ASCII, which
     * gRPC does not have.
     */
    private static boolean isFieldValue(String value) {
        return value.chars().allMatch(c -> (c >= ' ' && c < 0x7f) || c == '\t');
    }

    private static boolean gzip(Settings settings, Signal signal) throws ConfigurationException {
        String value =
                settings.text(signal.variable("COMPRESSION"), settings.text("OTEL_EXPORTER_OTLP_COMPRESSION", "none"));
        return switch (value) {
            case "gzip" -> true;
            case "none" -> false;
            default ->
                throw new ConfigurationException("OTEL_EXPORTER_OTLP_COMPRESSION=" + Settings.shortened(value)
                        + " is not supported: it can be gzip or none");
        };
    }
}
