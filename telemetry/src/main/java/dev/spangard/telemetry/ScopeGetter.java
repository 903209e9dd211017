// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import dev.spangard.asgi.ByteString;
import dev.spangard.asgi.ConnectionScope;
import dev.spangard.asgi.Headers;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what propagators look for from the headers of a scope. */
enum ScopeGetter implements TextMapGetter<ConnectionScope> {
    INSTANCE;

    /** The headers of the usual propagators, so that looking for them makes no garbage. */
    private static final Map<String, ByteString> NAMES = Stream.of(
                    "traceparent",
                    "tracestate",
                    "baggage",
                    "b3",
                    "X-B3-TraceId",
                    "X-B3-SpanId",
                    "X-B3-Sampled",
                    "X-B3-Flags")
            .collect(Collectors.toUnmodifiableMap(name -> name, ByteString::of));

    @Override
    public Iterable<String> keys(ConnectionScope carrier) {
        List<String> names = new ArrayList<>();
        carrier.headers().forEach(header -> names.add(header.name().latin1()));
        return names;
    }

    @Override
    public @Nullable String get(@Nullable ConnectionScope carrier, String key) {
        ByteString value = carrier == null ? null : carrier.headers().first(name(key));
        return value == null ? null : value.latin1();
    }

    @Override
    public Iterator<String> getAll(@Nullable ConnectionScope carrier, String key) {
        Headers headers = carrier == null ? Headers.EMPTY : carrier.headers();
        ByteString name = name(key);
        int line = headers.indexOf(name, 0);
        if (line < 0) {
            return List.<String>of().iterator();
        }
        return headers.all(name).stream().map(ByteString::latin1).iterator();
    }

    private static ByteString name(String key) {
        ByteString known = NAMES.get(key);
        return known == null ? ByteString.of(key) : known;
    }
}
