// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The attributes that the semantic conventions leave to be asked for. */
public enum OptIn {
    CLIENT_PORT("client.port"),
    NETWORK_LOCAL_ADDRESS("network.local.address"),
    NETWORK_LOCAL_PORT("network.local.port"),
    NETWORK_TRANSPORT("network.transport"),
    /** The server's name on measurements; spans always have it, and {@link #SERVER_PORT}. */
    SERVER_ADDRESS("server.address"),
    SERVER_PORT("server.port"),
    /** What kind of robot or test the client is, on spans and measurements. */
    USER_AGENT_SYNTHETIC_TYPE("user_agent.synthetic.type");

    /** The attributes that the conventions allow on measurements. */
    static final Set<OptIn> MEASURED = Set.copyOf(EnumSet.of(SERVER_ADDRESS, SERVER_PORT, USER_AGENT_SYNTHETIC_TYPE));

    private final String attribute;

    OptIn(String attribute) {
        this.attribute = attribute;
    }

    /**
     * Returns the attributes that the elements of a list name.
     *
     * @throws IllegalArgumentException naming the one that is none of these
     */
    public static Set<OptIn> of(List<String> attributes) {
        Set<OptIn> found = EnumSet.noneOf(OptIn.class);
        for (String name : attributes) {
            found.add(Arrays.stream(values())
                    .filter(known -> known.attribute.equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            name + " is none of the attributes that can be asked for: " + names())));
        }
        return found;
    }

    private static String names() {
        return Arrays.stream(values()).map(known -> known.attribute).collect(Collectors.joining(", "));
    }
}
