// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryRedactionTest {
    private final QueryRedaction redaction = new QueryRedaction(Set.of("sig", "pw", " a", "t\tt", "é", "a%zz"));

    @ParameterizedTest
    @CsvSource({
        "sig=canary, sig=REDACTED",
        "sig=, sig=REDACTED",
        "&sig=canary, &sig=REDACTED",
        "&&sig=canary&&, &&sig=REDACTED&&",
        "x=1&sig=can=ary&y=%20, x=1&sig=REDACTED&y=%20",
        "sig=canary&sig=canary, sig=REDACTED&sig=REDACTED",
        "sig&sig=canary, sig&sig=REDACTED",
        "=x&pw=canary, =x&pw=REDACTED",
        "sig=canary&, sig=REDACTED&",
        "%73ig=canary, %73ig=REDACTED",
        "si%67=canary, si%67=REDACTED",
        "%70w=canary, %70w=REDACTED",
        "t%09t=canary, t%09t=REDACTED",
        "+a=canary, +a=REDACTED",
        "%C3%a9=canary, %C3%a9=REDACTED",
        "a%zz=canary, a%zz=REDACTED",
        "a%25zz=canary, a%25zz=REDACTED",
    })
    void hidesTheValueOfASensitiveKeyHoweverItIsWritten(String query, String redacted) {
        assertThat(redaction.apply(query)).isEqualTo(redacted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "sig", "x=1&sig", "=", "&", "SIG=1", "sigs=1", "x=sig=1", "sig%7=1", "sig%=1", "%=1", "sig%2=1"
            })
    void leavesEveryOtherCharacterAsItWasSent(String query) {
        assertThat(redaction.apply(query)).isSameAs(query);
    }
}
