// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

final class FailureMessageTest {
    @Test
    void tellsAnUnknownHostFromOneThatDoesNotListen() {
        // as the JDK's HTTP client nests them
        assertThat(of(new ConnectException()
                        .initCause(new ConnectException().initCause(new UnresolvedAddressException()))))
                .isEqualTo("its host name is not known");
        assertThat(of(new UnknownHostException("no-such-host.invalid"))).isEqualTo("its host name is not known");
        assertThat(of(new ConnectException().initCause(new ConnectException("Connection refused"))))
                .isEqualTo("nobody listens there");
        assertThat(of(new IOException(new ConnectException("Connection refused"))))
                .isEqualTo("nobody listens there");
    }

    @Test
    void tellsWhatElseWentWrong() {
        assertThat(of(new HttpTimeoutException("request timed out"))).isEqualTo("no answer within 1500 ms");
        assertThat(of(new SSLHandshakeException("no path"))).isEqualTo("TLS failed: no path");
        assertThat(of(new IOException("HTTP/1.1 header parser received no bytes", new IOException("reset"))))
                .isEqualTo("reset");
        assertThat(of(new IOException())).isEqualTo("IOException");
    }

    @Test
    void saysOneThingOfAConnectionThatBreaksInWhateverWay() {
        List<Throwable> ways = List.of(
                new SocketException("Connection reset"),
                new IOException("Connection reset by peer", new SocketException("Connection reset by peer")),
                new IOException("Broken pipe"),
                new IOException("FRAME_SIZE_ERROR: 3940676"),
                new EOFException());

        assertThat(ways)
                .extracting(FailureMessageTest::of)
                .containsOnly("it broke the connection, as what does not speak the protocol does");
    }

    @Test
    void saysWhatIsWrongWithTlsWithoutTheNamesOfClasses() {
        assertThat(of(new SSLHandshakeException("(certificate_unknown) PKIX path building failed:"
                        + " sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid path")))
                .isEqualTo("TLS failed: its certificate is not trusted");
        assertThat(of(new SSLException("Unrecognized SSL message, plaintext connection?")))
                .isEqualTo("TLS failed: it does not speak it");
        assertThat(of(new SSLException("No name matching localhost found")))
                .isEqualTo("TLS failed: No name matching localhost found");
    }

    private static String of(Throwable failure) {
        return FailureMessage.of(new CompletionException(failure), Duration.ofMillis(1500));
    }
}
