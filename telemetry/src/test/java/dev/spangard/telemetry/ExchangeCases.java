// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static dev.spangard.telemetry.Requests.START;

import io.opentelemetry.context.Context;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Every combination of requests, routes and ways to end. */
final class ExchangeCases {
    private ExchangeCases() {}

    /** How an exchange went. */
    record Ending(String name, boolean error, Consumer<Exchange> of) {}

    record Case(Request request, @Nullable String route, Ending ending) {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (Request request : requests()) {
            for (String route : Arrays.asList(null, "/items/{id}")) {
                endings(request).forEach(ending -> cases.add(new Case(request, route, ending)));
            }
        }
        return cases;
    }

    private static List<Request> requests() {
        List<Request> requests = new ArrayList<>();
        Address client = new Address("192.0.2.7", 50123);
        Address tcp = new Address("10.0.0.1", 8000);
        Address unix = new Address("/run/app.sock", Address.NO_PORT);
        for (String method : List.of("GET", "QUERY", "get", "BREW")) {
            for (String query : List.of("", "a=1&sig=secret")) {
                requests.add(http(method, "https", "1.1", query, null, client, "shop.example", "curl/8.5"));
            }
        }
        for (String version : Arrays.asList(null, "1.0", "2", "3")) {
            requests.add(http("POST", "http", version, "", tcp, client, "", ""));
        }
        requests.add(http("GET", null, "1.1", "", unix, null, "", "Googlebot/2.1"));
        requests.add(http("GET", "http", "1.1", "", null, null, "", ""));
        for (String version : List.of("1.1", "2")) {
            requests.add(Requests.websocket(version));
        }
        return requests;
    }

    private static Request http(
            String method,
            @Nullable String scheme,
            @Nullable String version,
            String query,
            @Nullable Address server,
            @Nullable Address client,
            String host,
            String agent) {
        List<String> headers = List.of("X-Team", "a");
        return Requests.plain()
                .method(method)
                .scheme(scheme)
                .httpVersion(version)
                .path("/items/5")
                .query(query)
                .server(server)
                .client(client)
                .host(host)
                .userAgent(agent)
                .capturedHeaders(headers)
                .pid(4711)
                .build();
    }

    private static List<Ending> endings(Request request) {
        Failure failure = new Failure("shop.OutOfStock", "none left", "Traceback …", false);
        List<Ending> endings = new ArrayList<>(List.of(
                new Ending("nothing", true, exchange -> {}),
                new Ending("raises", true, exchange -> exchange.failed(failure)),
                new Ending("cancelled", true, exchange -> exchange.failed(new Failure("CancelledError", "", "", true))),
                new Ending("worker died", true, exchange -> exchange.workerEnded(Exchange.WORKER_DIED))));
        if (request.kind() == Request.Kind.WEBSOCKET) {
            endings.add(new Ending(
                    "denied", false, exchange -> exchange.conversation().closed(1000, null)));
            endings.add(new Ending("closed", false, exchange -> {
                exchange.conversation().accepted("chat");
                exchange.conversation().messageReceived(START, true, 5);
                exchange.conversation().disconnected(1001, "going away");
            }));
            endings.add(new Ending("internal error", true, exchange -> {
                exchange.conversation().accepted(null);
                exchange.conversation().closed(1011, null);
            }));
            return endings;
        }
        for (int status : new int[] {200, 302, 404, 499, 500, 503, 999}) {
            endings.add(new Ending("status " + status, status >= 500, exchange -> answer(exchange, status)));
        }
        endings.add(new Ending("raises after", true, exchange -> {
            answer(exchange, 200);
            exchange.failed(failure);
        }));
        endings.add(new Ending("left", true, exchange -> exchange.conversation().left(START)));
        return endings;
    }

    private static void answer(Exchange exchange, int status) {
        Conversation said = exchange.conversation();
        said.requestBody(7);
        said.responseStarted();
        said.status(status);
        said.responseBody(START + 1, 3, false);
        said.responseBody(START + 2, 3, true);
    }

    static void end(Collector collector, Case each) {
        Exchange exchange = collector.telemetry.exchange(each.request, START);
        exchange.activate();
        exchange.route(each.route);
        each.ending.of.accept(exchange);
        exchange.end(Context.root(), START + 20_000_000);
    }

    static String name(Case each) {
        String method = each.request.method();
        if (method == null) {
            method = Objects.equals(each.request.httpVersion(), "2") ? "CONNECT" : "GET";
        }
        String name = TelemetryOptions.DEFAULT_KNOWN_METHODS.contains(method) ? method : "HTTP";
        return each.route == null ? name : name + " " + each.route;
    }
}
