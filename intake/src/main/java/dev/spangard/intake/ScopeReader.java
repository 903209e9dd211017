// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

import dev.spangard.wire.MalformedException;
import dev.spangard.wire.MarshalReader;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.common.InstrumentationScopeInfoBuilder;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads instrumentation scopes, which a record has as the bytes of one value of marshal: the same bytes in all spans of
 * a tracer, so that a scope is read once. Used by the peer's thread only.
 */
final class ScopeReader {
    /** How many scopes are remembered: an application has as many as it has instrumentations. */
    static final int MAX_KNOWN = 256;
    /** The most bytes of one; what is longer, or no scope, is the scope without a name. */
    static final int MAX_BYTES = 8 << 10;

    private static final InstrumentationScopeInfo NO_NAME = InstrumentationScopeInfo.empty();
    private static final int FIELDS = 4;

    private final Map<ByteBuffer, InstrumentationScopeInfo> known = new HashMap<>();

    /** Reads the field {@code scope}. */
    InstrumentationScopeInfo read(MarshalReader in) {
        if (!in.nextIsBytes()) {
            in.skip();
            return NO_NAME;
        }
        byte[] bytes = in.bytes();
        if (bytes.length > MAX_BYTES) {
            return NO_NAME;
        }
        ByteBuffer key = ByteBuffer.wrap(bytes);
        InstrumentationScopeInfo scope = known.get(key);
        if (scope == null) {
            scope = scope(bytes);
            if (known.size() < MAX_KNOWN) {
                known.put(key, scope);
            }
        }
        return scope;
    }

    private static InstrumentationScopeInfo scope(byte[] bytes) {
        MarshalReader in = new MarshalReader().reset(bytes, 0, bytes.length);
        try {
            Fields.begin(in, FIELDS);
            String name = Fields.textOrNone(in, Limits.TEXT);
            InstrumentationScopeInfoBuilder scope = InstrumentationScopeInfo.builder(name == null ? "" : name);
            String version = Fields.textOrNone(in, Limits.TEXT);
            if (version != null) {
                scope.setVersion(version);
            }
            String schemaUrl = Fields.textOrNone(in, Limits.TEXT);
            if (schemaUrl != null) {
                scope.setSchemaUrl(schemaUrl);
            }
            return scope.setAttributes(AttributesReader.extended(in).read()).build();
        } catch (MalformedException e) {
            return NO_NAME;
        }
    }
}
