// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import dev.spangard.books.ServiceAccounts;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.DoubleExemplarData;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.ExemplarData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongExemplarData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.resources.Resource;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints all metrics of one collection as one JSON object, in the shape of {@code ConsoleMetricExporter} of the SDK for
 * Python. Called on the thread of the SDK's reader, which waits for whoever reads.
 */
final class ConsoleMetricExporter implements MetricExporter {
    private final ApplicationOutput applicationOutput;

    ConsoleMetricExporter(ApplicationOutput applicationOutput) {
        this.applicationOutput = applicationOutput;
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode export(Collection<MetricData> metrics) {
        try {
            applicationOutput.write(json(metrics) + "\n");
            return CompletableResultCode.ofSuccess();
        } catch (IOException e) {
            return CompletableResultCode.ofExceptionalFailure(e);
        }
    }

    /** The JSON, without the engine's books: who watches a terminal watches the application. */
    static String json(Collection<MetricData> metrics) {
        Map<Resource, Map<InstrumentationScopeInfo, List<MetricData>>> grouped = metrics.stream()
                .filter(metric ->
                        !metric.getInstrumentationScopeInfo().getName().equals(ServiceAccounts.INSTRUMENTATION_SCOPE))
                .collect(Collectors.groupingBy(
                        MetricData::getResource,
                        LinkedHashMap::new,
                        Collectors.groupingBy(
                                MetricData::getInstrumentationScopeInfo, LinkedHashMap::new, Collectors.toList())));
        Json json = new Json().object().key("resource_metrics").array();
        grouped.forEach((resource, scopes) -> {
            json.element().object().key("resource").object();
            json.key("attributes").value(resource.getAttributes());
            json.key("schema_url").value(orEmpty(resource.getSchemaUrl())).endObject();
            json.key("scope_metrics").array();
            scopes.forEach((scope, ofScope) -> scope(json, scope, ofScope));
            json.endArray();
            json.key("schema_url").value(orEmpty(resource.getSchemaUrl())).endObject();
        });
        return json.endArray().endObject().toString();
    }

    private static void scope(Json json, InstrumentationScopeInfo scope, List<MetricData> metrics) {
        json.element().object().key("scope").object();
        json.key("name").value(scope.getName());
        json.key("version").value(orEmpty(scope.getVersion()));
        json.key("schema_url").value(orEmpty(scope.getSchemaUrl()));
        json.key("attributes");
        if (scope.getAttributes().isEmpty()) {
            json.value((String) null);
        } else {
            json.value(scope.getAttributes());
        }
        json.endObject();
        json.key("metrics").array();
        for (MetricData metric : metrics) {
            json.element().object().key("name").value(metric.getName());
            json.key("description").value(metric.getDescription());
            json.key("unit").value(metric.getUnit());
            json.key("data");
            data(json, metric);
            json.endObject();
        }
        json.endArray();
        json.key("schema_url").value(orEmpty(scope.getSchemaUrl())).endObject();
    }

    private static void data(Json json, MetricData metric) {
        json.object().key("data_points").array();
        for (PointData point : metric.getData().getPoints()) {
            json.element().object().key("attributes").value(point.getAttributes());
            json.key("start_time_unix_nano").value(point.getStartEpochNanos());
            json.key("time_unix_nano").value(point.getEpochNanos());
            switch (point) {
                case LongPointData number -> json.key("value").value(number.getValue());
                case DoublePointData number -> json.key("value").value(number.getValue());
                case HistogramPointData histogram -> histogram(json, histogram);
                // Only with exponential histograms, which Python prints otherwise; the attributes and times are still
                // told.
                default -> {}
            }
            json.key("exemplars").array();
            point.getExemplars().forEach(exemplar -> exemplar(json, exemplar));
            json.endArray().endObject();
        }
        json.endArray();
        if (metric.getType() == MetricDataType.HISTOGRAM) {
            json.key("aggregation_temporality")
                    .value(number(metric.getHistogramData().getAggregationTemporality()));
        } else if (metric.getType() == MetricDataType.LONG_SUM) {
            sum(
                    json,
                    metric.getLongSumData().getAggregationTemporality(),
                    metric.getLongSumData().isMonotonic());
        } else if (metric.getType() == MetricDataType.DOUBLE_SUM) {
            sum(
                    json,
                    metric.getDoubleSumData().getAggregationTemporality(),
                    metric.getDoubleSumData().isMonotonic());
        }
        json.endObject();
    }

    private static void sum(Json json, AggregationTemporality temporality, boolean monotonic) {
        json.key("aggregation_temporality").value(number(temporality));
        json.key("is_monotonic").value(monotonic);
    }

    private static void histogram(Json json, HistogramPointData point) {
        json.key("count").value(point.getCount());
        json.key("sum").value(point.getSum());
        json.key("bucket_counts").array();
        point.getCounts().forEach(count -> json.element().value((long) count));
        json.endArray().key("explicit_bounds").array();
        point.getBoundaries().forEach(bound -> json.element().value((double) bound));
        json.endArray();
        json.key("min").value(point.getMin());
        json.key("max").value(point.getMax());
    }

    private static void exemplar(Json json, ExemplarData exemplar) {
        json.element().object();
        json.key("filtered_attributes").value(exemplar.getFilteredAttributes());
        if (exemplar instanceof LongExemplarData number) {
            json.key("value").value(number.getValue());
        } else if (exemplar instanceof DoubleExemplarData number) {
            json.key("value").value(number.getValue());
        }
        json.key("time_unix_nano").value(exemplar.getEpochNanos());
        json.key("span_id").number(unsigned(exemplar.getSpanContext().getSpanId()));
        json.key("trace_id").number(unsigned(exemplar.getSpanContext().getTraceId()));
        json.endObject();
    }

    /** Python keeps ids as numbers. */
    private static BigInteger unsigned(String hex) {
        return new BigInteger(hex, 16);
    }

    private static int number(AggregationTemporality temporality) {
        return temporality == AggregationTemporality.DELTA ? 1 : 2;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public String toString() {
        return "console";
    }
}
