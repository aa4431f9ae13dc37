"""Does the gateway prove itself to an upstream that asks who is calling?"""

from __future__ import annotations

import ssl

import pytest
from tests.support.handshake import peer_of, server_tls, shake
from tests.support.pki import Files, root

from ostiary.config.schema import UpstreamTlsSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import write_certificates, write_identity, write_pkcs12
from ostiary.pki.identity import use
from ostiary.upstream.tls import client_context

GATEWAY = root().intermediate("issuing").issue_client(cn="gateway", uris=["spiffe://example.com/gateway"])


def context(folder, **client) -> ssl.SSLContext:
    spec = {"trusted": [Files(folder).ca(root(), name="trusted.pem")], **({"client": client} if client else {})}
    return client_context(UpstreamTlsSpec.model_validate(spec), folder, "upstreams > legacy")


def test_it_shows_its_certificate_and_the_chain_and_still_verifies_the_upstream(tmp_path):
    write_identity(tmp_path / "g.pem", tmp_path / "g.key", GATEWAY)
    shows = context(tmp_path, certificate="file:g.pem", private_key="file:g.key")

    assert peer_of(server_tls(tmp_path, root()), shows, name="localhost").certificate.common_names == ("gateway",)
    assert shows.verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLError):
        peer_of(server_tls(tmp_path, root()), shows, name="elsewhere.example")


def pinned(folder, *trusted: Identity) -> ssl.SSLContext:
    write_certificates(folder / "pinned.pem", [one.certificate for one in trusted])
    spec = UpstreamTlsSpec.model_validate({"trusted": ["file:pinned.pem"]})
    return client_context(spec, folder, "upstreams > legacy")


def shows(identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    use(identity, context)
    return context


def test_a_certificate_that_is_pinned_is_trusted_and_no_other_of_the_same_authority(tmp_path):
    public = root().intermediate("public")
    partner, stranger = (public.issue_server("localhost") for _ in range(2))
    shake(shows(partner), pinned(tmp_path, partner), name="localhost")
    with pytest.raises(ssl.SSLError):
        shake(shows(stranger), pinned(tmp_path, partner), name="localhost")
    with pytest.raises(ssl.SSLError):
        shake(shows(partner), pinned(tmp_path, partner), name="elsewhere.example")
    both = pinned(tmp_path, partner, stranger)  # while the partner rotates
    for one in (partner, stranger):
        shake(shows(one), both, name="localhost")


def test_a_store_will_do_with_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("STORE", "open sesame")
    write_pkcs12(tmp_path / "g.p12", GATEWAY, Secret("open sesame"))
    shows = context(tmp_path, pkcs12="file:g.p12", password="env:STORE")

    assert peer_of(server_tls(tmp_path, root()), shows, name="localhost").certificate.common_names == ("gateway",)


def test_without_one_it_shows_none(tmp_path):
    assert (
        peer_of(server_tls(tmp_path, root(), mode="optional"), context(tmp_path), name="localhost").certificate is None
    )
    with pytest.raises(ssl.SSLError):
        peer_of(server_tls(tmp_path, root()), context(tmp_path), name="localhost")


def test_another_ones_key_stops_the_start_and_says_where(tmp_path):
    write_identity(tmp_path / "g.pem", tmp_path / "g.key", GATEWAY)
    write_identity(tmp_path / "o.pem", tmp_path / "o.key", Authority.create("x").issue_client(cn="o"))

    with pytest.raises(ConfigError, match=r"upstreams > legacy > tls > client: .*o\.key"):
        context(tmp_path, certificate="file:g.pem", private_key="file:o.key")
