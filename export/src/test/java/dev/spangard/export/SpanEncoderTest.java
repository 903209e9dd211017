// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.exporter.internal.marshal.Marshaler;
import io.opentelemetry.exporter.internal.otlp.traces.TraceRequestMarshaler;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.testing.trace.TestSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The SDK's own exporter is the oracle: the same spans are the same bytes. */
class SpanEncoderTest {
    private static final InstrumentationScopeInfo SCOPE = InstrumentationScopeInfo.builder("spangard")
            .setVersion("1.2")
            .setSchemaUrl("https://opentelemetry.io/schemas/1.45.0")
            .setAttributes(Attributes.builder().put("of", "scope").build())
            .build();
    private static final InstrumentationScopeInfo BARE = InstrumentationScopeInfo.create("other");
    private static final Resource RESOURCE = Resource.create(
            Attributes.builder()
                    .put("service.name", "shop")
                    .put("process.pid", 17)
                    .build(),
            "https://schema/1");

    private static byte[] ours(List<SpanData> spans) {
        return TraceRequest.of(spans.stream().map(EncodedSpan::of).toList());
    }

    private static byte[] theirs(List<SpanData> spans) {
        return bytes(TraceRequestMarshaler.create(spans));
    }

    private static byte[] bytes(Marshaler message) {
        try {
            var out = new ByteArrayOutputStream();
            message.writeBinaryTo(out);
            assertThat(message.getBinarySerializedSize()).isEqualTo(out.size());
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertSame(SpanData... spans) {
        assertThat(ours(List.of(spans))).isEqualTo(theirs(List.of(spans)));
    }

    private static TestSpanData.Builder span(Attributes attributes) {
        return TestSpans.server(attributes).setResource(RESOURCE).setInstrumentationScopeInfo(SCOPE);
    }

    private static SpanContext context(Random random, boolean remote) {
        String trace = TraceId.fromLongs(random.nextLong(), random.nextLong() | 1);
        String span = SpanId.fromLong(random.nextLong() | 1);
        TraceFlags flags = TraceFlags.fromByte((byte) random.nextInt(4));
        TraceState state = random.nextBoolean()
                ? TraceState.getDefault()
                : TraceState.builder().put("a", "b").put("c", "d=").build();
        return remote
                ? SpanContext.createFromRemoteParent(trace, span, flags, state)
                : SpanContext.create(trace, span, flags, state);
    }

    @Test
    void aSpanWithNothingButItsNameIsTheSame() {
        assertSame(span(Attributes.empty()).build());
        assertSame(span(Attributes.empty())
                .setName("")
                .setInstrumentationScopeInfo(BARE)
                .setResource(Resource.empty())
                .build());
    }

    @ParameterizedTest
    @EnumSource
    void everyKindIsTheSame(SpanKind kind) {
        assertSame(span(Attributes.empty()).setKind(kind).build());
    }

    @Test
    void everyTypeOfAttributeIsTheSame() {
        assertSame(span(Attributes.builder()
                        .put("text", "täxt 🙂 \u0000")
                        .put("empty", "")
                        .put("yes", true)
                        .put("no", false)
                        .put("zero", 0)
                        .put("negative", -1)
                        .put("large", Long.MAX_VALUE)
                        .put("number", 0.25)
                        .put("none", 0.0)
                        .put("nan", Double.NaN)
                        .put("texts", "a", "", "c")
                        .put("bools", true, false)
                        .put("integers", 0, 1, -1)
                        .put("numbers", 0.0, 1.5)
                        .put(AttributeKey.stringArrayKey("nothing"), List.of())
                        .build())
                .build());
    }

    @Test
    void everyValueThatIsNoAttributesOwnTypeIsTheSame() {
        assertSame(span(Attributes.builder()
                        .put(AttributeKey.valueKey("empty"), Value.empty())
                        .put(AttributeKey.valueKey("bytes"), Value.of(new byte[] {0, 1, (byte) 0xff}))
                        .put(AttributeKey.valueKey("no bytes"), Value.of(new byte[0]))
                        .put(
                                AttributeKey.valueKey("mixed"),
                                Value.of(Value.of("a"), Value.of(1), Value.of(0.5), Value.of(true), Value.empty()))
                        .put(
                                AttributeKey.valueKey("map"),
                                Value.of(
                                        KeyValue.of("", Value.of("no name")),
                                        KeyValue.of("list", Value.of(Value.of(Value.of(new byte[] {7})))),
                                        KeyValue.of("map", Value.of(KeyValue.of("k", Value.of("x".repeat(200)))))))
                        .put(AttributeKey.valueKey("no members"), Value.of(new KeyValue[0]))
                        .build())
                .build());
    }

    @Test
    void lengthsAroundEachSizeOfAVarintAreTheSame() {
        for (int length : new int[] {
            100, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 16_300, 16_383, 16_384, 16_385,
            70_000, 2_097_152
        }) {
            assertSame(span(Attributes.builder().put("k", "x".repeat(length)).build())
                    .build());
        }
    }

    @Test
    void statusesAreTheSame() {
        assertSame(span(Attributes.empty()).setStatus(StatusData.ok()).build());
        assertSame(span(Attributes.empty()).setStatus(StatusData.error()).build());
        assertSame(span(Attributes.empty())
                .setStatus(StatusData.create(io.opentelemetry.api.trace.StatusCode.ERROR, "why"))
                .build());
    }

    @Test
    void whatWasDroppedIsCountedTheSame() {
        assertSame(span(Attributes.builder().put("a", 1).build())
                .setTotalAttributeCount(200)
                .setTotalRecordedEvents(300)
                .setTotalRecordedLinks(400)
                .setEvents(List.of(EventData.create(5, "e", Attributes.empty(), 7)))
                .setLinks(List.of(LinkData.create(TestSpans.CONTEXT, Attributes.empty(), 9)))
                .build());
    }

    @Test
    void spansOfSeveralScopesAreGroupedTheSame() {
        SpanData first = span(Attributes.empty()).build();
        SpanData second =
                span(Attributes.empty()).setInstrumentationScopeInfo(BARE).build();
        SpanData third = span(Attributes.empty()).setName("third").build();

        // Which scope comes first the SDK leaves to the addresses of objects.
        assertThat(ours(List.of(first, second, third))).isEqualTo(ours(List.of(first, third, second)));
        assertThat(ours(List.of(first, second, third))).hasSameSizeAs(theirs(List.of(first, second, third)));
    }

    @Test
    void noSpansAreTheSame() {
        assertThat(ours(List.of())).isEqualTo(theirs(List.of())).isEmpty();
    }

    @Test
    void anySpansAreTheSame() {
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<SpanData> spans = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                spans.add(any(random));
            }
            assertThat(ours(spans)).as("seed %d", seed).isEqualTo(theirs(spans));
        }
    }

    private static SpanData any(Random random) {
        List<EventData> events = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            events.add(EventData.create(random.nextLong(), text(random), attributes(random)));
        }
        List<LinkData> links = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            links.add(LinkData.create(context(random, random.nextBoolean()), attributes(random)));
        }
        return span(attributes(random))
                .setName(text(random))
                .setSpanContext(context(random, false))
                .setParentSpanContext(
                        random.nextBoolean() ? SpanContext.getInvalid() : context(random, random.nextBoolean()))
                .setEvents(events)
                .setLinks(links)
                .setTotalRecordedEvents(events.size())
                .setTotalRecordedLinks(links.size())
                .setStartEpochNanos(random.nextLong())
                .setEndEpochNanos(random.nextInt(3))
                .build();
    }

    private static Attributes attributes(Random random) {
        AttributesBuilder attributes = Attributes.builder();
        for (int i = random.nextInt(12); i > 0; i--) {
            String key = "key" + random.nextInt(20);
            switch (random.nextInt(6)) {
                case 0 -> attributes.put(key, random.nextBoolean());
                case 1 -> attributes.put(key, random.nextLong() >> random.nextInt(64));
                case 2 -> attributes.put(key, random.nextDouble());
                case 3 ->
                    attributes.put(
                            AttributeKey.stringArrayKey(key), Collections.nCopies(random.nextInt(4), text(random)));
                default -> attributes.put(key, text(random));
            }
        }
        return attributes.build();
    }

    /** With lone surrogates, now and then. */
    private static String text(Random random) {
        int length = random.nextInt(10) == 0 ? random.nextInt(400) : random.nextInt(12);
        int most = random.nextBoolean() ? 0x80 : 0x10000;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) random.nextInt(most));
        }
        return text.toString();
    }
}
