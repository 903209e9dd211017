// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import io.opentelemetry.exporter.internal.FailedExportException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why an exporter did not deliver all of a batch: the failure of its result. Any other failure is final.
 *
 * <p>It says exactly one of three: the fault may pass, and the batch is worth another attempt; or it will not; or the
 * collector took the batch but for some of its spans.
 */
public final class ExportException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean mayPass;
    private final @Nullable Duration retryAfter;
    private final long rejected;

    private final @Nullable String answered;

    private ExportException(
            String why,
            @Nullable Throwable cause,
            boolean mayPass,
            @Nullable Duration retryAfter,
            long rejected,
            @Nullable String answered) {
        super(why, cause, false, false);
        this.answered = answered;
        this.mayPass = mayPass;
        this.retryAfter = retryAfter;
        this.rejected = rejected;
    }

    /** There was no answer, or none that could be read. The fault may pass. */
    static ExportException unanswered(String why, Throwable cause) {
        return new ExportException(why, cause, true, null, 0, null);
    }

    /**
     * The collector refused the batch.
     *
     * @param status the HTTP status, or the name of gRPC's
     * @param retryAfter how long the collector asks to be left alone; null if it does not say
     */
    static ExportException answered(String why, String status, boolean mayPass, @Nullable Duration retryAfter) {
        return new ExportException(why, null, mayPass, retryAfter, 0, status);
    }

    /** The fault will not pass. */
    static ExportException isFinal(String why) {
        return new ExportException(why, null, false, null, 0, null);
    }

    /**
     * Says why one of the SDK's exporters has failed, which has tried again as often as it does; a failure of ours is
     * returned as it is.
     *
     * @param failure of its result; null if that has none
     * @param timeout the exporter's
     */
    public static ExportException ofSdk(@Nullable Throwable failure, Duration timeout) {
        return switch (failure) {
            case null -> isFinal("the exporter gave up");
            case ExportException known -> known;
            case FailedExportException.HttpExportException http
            when http.getResponse() != null ->
                ofSdk(Integer.toString(http.getResponse().getStatusCode()));
            case FailedExportException.GrpcExportException grpc
            when grpc.getResponse() != null ->
                ofSdk(grpc.getResponse().getStatusCode().name());
            default -> new ExportException(FailureMessage.of(failure, timeout), failure, false, null, 0, null);
        };
    }

    private static ExportException ofSdk(String status) {
        return answered("the collector answers " + status, status, false, null);
    }

    /**
     * The collector took a part of the batch.
     *
     * @param rejected how many spans it did not take, at least 1
     */
    static ExportException inPart(String why, long rejected) {
        return new ExportException(why, null, false, null, rejected, null);
    }

    /** Whether the batch is worth another attempt. */
    boolean mayPass() {
        return mayPass;
    }

    /** How long the collector asks to be left alone; null if it does not say. */
    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }

    /** The HTTP status, or the name of gRPC's; null if the collector did not answer. */
    @Nullable
    public String status() {
        return answered;
    }

    /** How many spans were not taken although the batch was; 0 if none of it was. */
    long rejected() {
        return rejected;
    }
}
