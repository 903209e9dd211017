// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The proxies whose word about a request is taken: addresses, networks ({@code 10.0.0.0/8}), or all ({@code *}). Immutable.
 *
 * <p>No name is ever looked up.
 */
public final class TrustedProxies {
    /** Nobody is trusted. */
    public static final TrustedProxies NONE = new TrustedProxies(List.of(), false);

    private static final String ALL = "*";

    private final List<Network> networks;
    private final boolean all;

    private static final class Network {
        private final byte[] address;
        private final int bits;

        Network(byte[] address, int bits) {
            this.address = address;
            this.bits = bits;
        }

        boolean contains(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit += 8) {
                int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit));
                if (((address[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private TrustedProxies(List<Network> networks, boolean all) {
        this.networks = List.copyOf(networks);
        this.all = all;
    }

    /**
     * Returns the proxies that the elements of a list name.
     *
     * @throws IllegalArgumentException naming the element that is neither an address, a network nor {@code *}
     */
    public static TrustedProxies of(Collection<String> elements) {
        List<Network> networks = new ArrayList<>();
        for (String element : elements) {
            if (!element.equals(ALL)) {
                networks.add(network(element));
            }
        }
        return new TrustedProxies(networks, elements.contains(ALL));
    }

    private static Network network(String element) {
        int slash = element.indexOf('/');
        byte[] address = literal(slash < 0 ? element : element.substring(0, slash));
        if (address != null) {
            int most = address.length * 8;
            int bits = slash < 0 ? most : number(element.substring(slash + 1));
            if (bits >= 0 && bits <= most) {
                return new Network(address, bits);
            }
        }
        throw new IllegalArgumentException(element + " is neither an address, a network like 10.0.0.0/8, nor *");
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Returns the bytes of an address, null if the text is none. One of IPv4 in IPv6's form is that of IPv4. */
    private static byte @Nullable [] literal(String text) {
        try {
            return InetAddress.ofLiteral(text).getAddress();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    static boolean isLiteral(String text) {
        return literal(text) != null;
    }

    boolean isEmpty() {
        return !all && networks.isEmpty();
    }

    /**
     * Whether the word of this peer is taken.
     *
     * @param peer null for a Unix socket, or where the server does not say: trusted only with all
     */
    boolean trusts(@Nullable Address peer) {
        if (all || peer == null) {
            return all;
        }
        byte[] address = literal(peer.host());
        return address != null && networks.stream().anyMatch(network -> network.contains(address));
    }
}
