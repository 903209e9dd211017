// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Private keys in the forms that OpenSSL writes and Python reads, as PKCS #8 (RFC 5958), the only one Java reads. A key is
 * not copied into any message.
 */
public final class PrivateKeyPem {
    private static final Pattern TRADITIONAL =
            Pattern.compile("-----BEGIN (RSA|EC) PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END \\1 PRIVATE KEY-----");

    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;
    /** The tag of {@code [0] parameters} in an ECPrivateKey (RFC 5915). */
    private static final int EC_PARAMETERS = 0xa0;

    /** The AlgorithmIdentifier of RSA: OBJECT IDENTIFIER rsaEncryption (RFC 8017), NULL. */
    private static final byte[] RSA = {
        0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    /** The beginning of the AlgorithmIdentifier of EC: OBJECT IDENTIFIER id-ecPublicKey (RFC 5480). */
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private static final byte[] VERSION = {INTEGER, 1, 0};

    private PrivateKeyPem() {}

    /** Returns the key as PKCS #8. What is of neither form, PKCS #8 above all, stays as it is. */
    public static String pkcs8(String pem) {
        Matcher key = TRADITIONAL.matcher(pem);
        if (!key.find()) {
            return pem;
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(key.group(2));
            byte[] algorithm = key.group(1).equals("RSA") ? RSA : ecAlgorithm(der);
            if (algorithm == null) {
                return pem;
            }
            byte[] pkcs8 = element(SEQUENCE, concat(VERSION, element(SEQUENCE, algorithm), element(OCTET_STRING, der)));
            return "-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs8)
                    + "\n-----END PRIVATE KEY-----\n";
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return pem;
        }
    }

    /** Finds the curve, which is inside the key; null if it is not. */
    private static byte @Nullable [] ecAlgorithm(byte[] der) {
        int at = contentOf(der, 0);
        while (at < der.length) {
            int content = contentOf(der, at);
            int end = content + lengthOf(der, at);
            if ((der[at] & 0xff) == EC_PARAMETERS) {
                return concat(EC, Arrays.copyOfRange(der, content, end));
            }
            at = end;
        }
        return null;
    }

    /** Returns where the content of the element at this offset begins. */
    private static int contentOf(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int lengthOf(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xff);
        }
        if (length < 0 || length > der.length) {
            throw new IllegalArgumentException("length beyond the key");
        }
        return length;
    }

    private static byte[] element(int tag, byte[] content) {
        byte[] head = content.length < 0x80
                ? new byte[] {(byte) tag, (byte) content.length}
                : new byte[] {(byte) tag, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length};
        return concat(head, content);
    }

    private static byte[] concat(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
