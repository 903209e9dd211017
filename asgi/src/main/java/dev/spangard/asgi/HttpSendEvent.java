// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.asgi;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the application of an {@link HttpScope} sends. */
public sealed interface HttpSendEvent extends SendEvent {
    /**
     * The start of the response, before all its content (HTTP, Response Start). A server may hold it back until that comes.
     *
     * @param headers names in lower case; no pseudo headers
     * @param trailers whether {@link ResponseTrailers} come after the body
     */
    record ResponseStart(int status, Headers headers, boolean trailers) implements HttpSendEvent {
        /**
         * Checks the status and the headers.
         *
         * @throws IllegalArgumentException if the status is outside 100..599, or a header may not be sent
         */
        public ResponseStart {
            checkStatus(status);
            headers.checkSendable();
        }

        /** Makes the start of a response without trailers. */
        public ResponseStart(int status, Headers headers) {
            this(status, headers, false);
        }

        @Override
        public String type() {
            return "http.response.start";
        }
    }

    /**
     * The response's body, or a part of it (HTTP, Response Body).
     *
     * @param body the server's, once sent
     * @param moreBody whether there is more to come
     */
    record ResponseBody(ByteBuffer body, boolean moreBody) implements HttpSendEvent {
        /** Makes the last part of the body, or the whole of it. */
        public ResponseBody(ByteBuffer body) {
            this(body, false);
        }

        @Override
        public String type() {
            return "http.response.body";
        }
    }

    /**
     * Fields after the body, for a response that announced them in its start (Extensions, HTTP Trailers).
     *
     * @param headers names in lower case; no pseudo headers
     * @param moreTrailers whether there are more to come
     */
    record ResponseTrailers(Headers headers, boolean moreTrailers) implements HttpSendEvent {
        /** @throws IllegalArgumentException if a header may not be sent */
        public ResponseTrailers {
            headers.checkSendable();
        }

        @Override
        public String type() {
            return "http.response.trailers";
        }
    }

    /**
     * Asks the server to push another resource, between the start and the last body (Extensions, HTTP/2 Server Push).
     *
     * @param path percent-decoded
     * @param headers names in lower case; no pseudo headers
     */
    record Push(String path, Headers headers) implements HttpSendEvent {
        /** @throws IllegalArgumentException if a header may not be sent */
        public Push {
            headers.checkSendable();
        }

        @Override
        public String type() {
            return "http.response.push";
        }
    }

    /**
     * A part of the body that the operating system sends from a file (Extensions, Zero Copy Send). The application closes
     * the file when the stage of the send is complete.
     *
     * @param offset where to begin in the file; {@link #CURRENT_POSITION} for its position
     * @param count bytes; {@link #TO_END} for all that follow
     * @param moreBody whether there is more to come
     */
    record ZeroCopySend(FileChannel file, long offset, long count, boolean moreBody) implements HttpSendEvent {
        /** The offset that stands for the file's own position. */
        public static final long CURRENT_POSITION = -1;
        /** The count that stands for all bytes up to the file's end. */
        public static final long TO_END = -1;

        /**
         * Checks the offset and the count.
         *
         * @throws IllegalArgumentException if offset or count are less than -1
         */
        public ZeroCopySend {
            if (offset < CURRENT_POSITION || count < TO_END) {
                throw new IllegalArgumentException("offset " + offset + " and count " + count + " are less than -1");
            }
        }

        @Override
        public String type() {
            return "http.response.zerocopysend";
        }
    }

    /** A file as the whole body, sent by the server (Extensions, Path Send). */
    record PathSend(Path path) implements HttpSendEvent {
        /**
         * Checks the path.
         *
         * @throws IllegalArgumentException if the path is not absolute
         */
        public PathSend {
            if (!path.isAbsolute()) {
                throw new IllegalArgumentException("path " + path + " is not absolute");
            }
        }

        @Override
        public String type() {
            return "http.response.pathsend";
        }
    }

    /**
     * Resources the client will need, for an answer 103 before the last body (Extensions, Early Hints; RFC 8297).
     *
     * @param links values of {@code Link} header fields (RFC 8288)
     */
    record EarlyHint(List<ByteString> links) implements HttpSendEvent {
        /** Copies the links. */
        public EarlyHint {
            links = List.copyOf(links);
        }

        @Override
        public String type() {
            return "http.response.early_hint";
        }
    }

    /** Whatever a test wants to see, sent before the start (Extensions, Debug). */
    record Debug(Map<String, Object> info) implements HttpSendEvent {
        /** Copies the map; what is in it is not copied. */
        public Debug {
            info = Map.copyOf(info);
        }

        @Override
        public String type() {
            return "http.response.debug";
        }
    }

    private static void checkStatus(int status) {
        if (status < 100 || status > 599) {
            throw new IllegalArgumentException("status " + status + " is outside 100..599");
        }
    }
}
