# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Throw-away certificates for TLS and mutual TLS on loopback."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class Certificates:
    """An authority, a server certificate for ``localhost`` and ``127.0.0.1``, a client certificate and one that expired yesterday; as PEM files in ``folder``.

    ``client_key`` is PKCS#8, ``client_key_traditional`` the same key as ``BEGIN EC PRIVATE KEY``, which openssl also writes.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._server = self._authority.issue_cert("localhost", "127.0.0.1")
        now = datetime.now(UTC)
        self._expired = self._authority.issue_cert("localhost", "127.0.0.1", not_before=now - timedelta(days=2), not_after=now - timedelta(days=1))
        client = self._authority.issue_cert("client.test")
        late = self._authority.issue_cert("client.test", not_before=now - timedelta(days=2), not_after=now - timedelta(days=1))
        self.ca = folder / "ca.pem"
        self.client_certificate = folder / "client.pem"
        self.client_key = folder / "client.key"
        self.client_key_traditional = folder / "client-traditional.key"
        self.ca.write_bytes(self._authority.cert_pem.bytes())
        self.expired_client_certificate = folder / "expired-client.pem"
        self.expired_client_key = folder / "expired-client.key"
        self.expired_client_certificate.write_bytes(b"".join(c.bytes() for c in late.cert_chain_pems))
        self.expired_client_key.write_bytes(late.private_key_pem.bytes())
        self.client_certificate.write_bytes(b"".join(c.bytes() for c in client.cert_chain_pems))
        key = load_pem_private_key(client.private_key_pem.bytes(), None)
        self.client_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.client_key_traditional.write_bytes(client.private_key_pem.bytes())

    def server_context(self, want_client: bool, expired: bool = False) -> ssl.SSLContext:
        """For the HTTP receiver; with ``want_client`` a peer without our authority's certificate is refused."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (self._expired if expired else self._server).configure_cert(context)
        if want_client:
            self._authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def server_pems(self) -> tuple[bytes, bytes, bytes]:
        """Key, chain and authority, for the gRPC receiver."""
        chain = b"".join(c.bytes() for c in self._server.cert_chain_pems)
        return self._server.private_key_pem.bytes(), chain, self._authority.cert_pem.bytes()
