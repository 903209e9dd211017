// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateKeyPemTest {
    /** {@code openssl ecparam -name prime256v1 -genkey -noout}: a key for this test alone. */
    private static final String EC = """
            -----BEGIN EC PRIVATE KEY-----
            MHcCAQEEIG6K1VM62mn4f4oC6p8csw7jyDTyiQmRLMEboeAPL9wOoAoGCCqGSM49
            AwEHoUQDQgAEHz/bZIKIeWfrMvAXHXXiSX2io6D+kLdnCoHa2QHW2uW42srsIvmr
            pD+aM1ALN2dqdlmRrJEEc/LL+1AJHzhJLw==
            -----END EC PRIVATE KEY-----
            """;

    private static byte[] der(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]+-----", ""));
    }

    private static PrivateKey key(String algorithm, String pem) throws Exception {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der(pem)));
    }

    @Test
    void turnsAnRsaKeyIntoPkcs8() throws Exception {
        var certificate = new HeldCertificate.Builder().rsa2048().build();
        String converted = PrivateKeyPem.pkcs8(certificate.privateKeyPkcs1Pem());

        assertThat(key("RSA", converted)).isEqualTo(certificate.keyPair().getPrivate());
    }

    @Test
    void turnsAnEcKeyIntoPkcs8() throws Exception {
        String converted = PrivateKeyPem.pkcs8(EC);

        assertThat(converted).startsWith("-----BEGIN PRIVATE KEY-----");
        assertThat(key("EC", converted).getAlgorithm()).isEqualTo("EC");
    }

    @Test
    void leavesPkcs8AsItIs() {
        String pem = new HeldCertificate.Builder().build().privateKeyPkcs8Pem();
        assertThat(PrivateKeyPem.pkcs8(pem)).isEqualTo(pem);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
                "-----BEGIN EC PRIVATE KEY-----\nMIT/////\n-----END EC PRIVATE KEY-----",
                "-----BEGIN EC PRIVATE KEY-----\nA\n-----END EC PRIVATE KEY-----",
            })
    void leavesWhatIsNoKeyToTheReaderThatRefusesIt(String text) {
        assertThat(PrivateKeyPem.pkcs8(text)).isEqualTo(text);
    }

    @Test
    void neverFailsOnAKeyThatIsCutShort() {
        byte[] whole = der(EC);
        for (int length = 0; length < whole.length; length++) {
            String cut = Base64.getEncoder().encodeToString(Arrays.copyOf(whole, length));
            assertThat(PrivateKeyPem.pkcs8(
                            "-----BEGIN EC PRIVATE KEY-----\n" + cut + "\n-----END EC PRIVATE KEY-----\n"))
                    .isNotNull();
        }
    }
}
