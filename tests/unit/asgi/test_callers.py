"""Whose certificate is believed that a server tells of?"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.inside import Policy, ask, http, living
from tests.support.pki import expired

from ostiary.asgi import OstiaryMiddleware
from ostiary.asgi.callers import Callers, compile_callers
from ostiary.config.load import load_checked
from ostiary.edge.asgi.handler import PROVEN, Proven
from ostiary.errors import ConfigError
from ostiary.model import Peer
from ostiary.observe.access import AccessLog
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

CLIENT = "{mode: optional, authorities: [file:ca.pem]}"
PUBLIC = (
    '  public: {bind: "127.0.0.1:0", tls: {certificate: file:server.pem, private_key: file:server.key, client: %s}}'
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("Bank CA")


@pytest.fixture
def compiled(policy: Policy, authority: Authority, tmp_path: Path) -> Callable[..., Callers]:
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    write_identity(tmp_path / "server.pem", tmp_path / "server.key", authority.issue_server("localhost"))

    def make(*clients: str, listener: str | None = None) -> Callers:
        lines = [(PUBLIC % one).replace("public", f"one{number}", 1) for number, one in enumerate(clients)]
        text = policy.file.read_text().replace(
            'listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}', "listeners:\n" + "\n".join(lines)
        )
        for number in range(len(clients)):
            text = text.replace(":0", f":{9000 + number}", 1)
        policy.file.write_text(text)
        return compile_callers(load_checked(policy.file), listener)

    return make


def shown(*identities: Any, **more: Any) -> dict[str, Any]:
    chain = [ssl.DER_cert_to_PEM_cert(one.certificate.public_bytes(Encoding.DER)) for one in identities]
    return http(extensions={"tls": {"client_cert_chain": chain, "tls_version": 0x0304, **more}})


def reason(proven: Proven) -> str | None:
    return None if proven.refusal is None else str(proven.refusal.reason)


def test_one_of_an_authority_of_the_file(compiled, authority):
    john = authority.issue_client(cn="john", uris=["spiffe://example.com/john"])
    proven = compiled(CLIENT).of(shown(john))
    assert proven.peer.certificate.san_uris == ("spiffe://example.com/john",)
    assert (proven.peer.address, proven.peer.tls_version, proven.refusal) == ("127.0.0.1", "TLSv1.3", None)


def test_no_other_whatever_the_server_trusts(compiled, authority):
    callers = compiled(CLIENT)
    stranger = Authority.create("Bank CA").issue_client(cn="x")
    assert reason(callers.of(shown(stranger))) == "certificate.untrusted"
    assert reason(callers.of(shown(expired(authority)))) == "certificate.expired"
    assert reason(callers.of(shown(authority.issue_server("localhost")))) is not None


@pytest.mark.parametrize(
    "chain", [["garbage"], [""], [None], ["-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"]]
)
def test_what_cannot_be_read_is_refused_and_not_nobody(compiled, chain):
    scope = http(extensions={"tls": {"client_cert_chain": chain}})
    assert reason(compiled(CLIENT).of(scope)) == "certificate.unreadable"


def test_nobody_whose_handshake_has_failed(compiled, authority):
    scope = shown(authority.issue_client(cn="john"), client_cert_error="certificate.revoked")
    assert reason(compiled(CLIENT).of(scope)) == "certificate.untrusted"


class TestOfAServerThatWritesTheExtensionItself:
    """Its format is not settled; these are the forms that were proposed, and were written by servers so far."""

    FORMS: ClassVar = {
        "a list": lambda pem, der: {"client_cert_chain": [pem]},
        "a tuple": lambda pem, der: {"client_cert_chain": (pem,)},
        "octets": lambda pem, der: {"client_cert_chain": [pem.encode()]},
        "DER": lambda pem, der: {"client_cert_chain": [der]},
        "one apart": lambda pem, der: {"client_cert": der},
        "one apart, as text": lambda pem, der: {"client_cert": pem, "client_cert_chain": None},
        "both": lambda pem, der: {"client_cert": der, "client_cert_chain": [pem]},
    }

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_caller_is_who_he_is_in_each_form(self, compiled, authority, policy, seen, form):
        compiled(CLIENT)
        text = policy.file.read_text().replace(
            "authenticate: {anonymous: {}}",
            'authenticate: {mtls: {subject: san.uri, allow: ["spiffe://example.com/**"]}}',
            1,
        )
        policy.file.write_text(text)
        der = authority.issue_client(uris=["spiffe://example.com/john"]).certificate.public_bytes(Encoding.DER)
        said = self.FORMS[form](ssl.DER_cert_to_PEM_cert(der), der)
        app = OstiaryMiddleware(seen, policy.file, access=AccessLog(), reload=False)
        async with living(app):
            known = await ask(app, http(extensions={"tls": said}))
            nobody = await ask(app, http(extensions={"tls": {}}))
        assert (known.status, seen.scopes[-1]["ostiary"].principal.subject) == (200, "spiffe://example.com/john")
        assert (nobody.status, nobody.reason) == (401, "certificate.missing")

    def test_who_is_two_at_once_is_nobody(self, compiled, authority):
        scope = shown(authority.issue_client(cn="john"))
        other = authority.issue_client(cn="mallory").certificate.public_bytes(Encoding.DER)
        scope["extensions"]["tls"]["client_cert"] = other
        assert reason(compiled(CLIENT).of(scope)) == "certificate.unreadable"

    @pytest.mark.parametrize("own", [b"garbage", "garbage", 7, ["x"], {"x": 1}])
    def test_what_is_no_certificate_is_refused(self, compiled, own):
        found = reason(compiled(CLIENT).of(http(extensions={"tls": {"client_cert": own}})))
        assert found in (
            "certificate.unreadable",
            "certificate.unsuitable",
        )  # octets may be a certificate at first sight


@pytest.mark.parametrize("extensions", [None, {}, {"tls": {}}, {"tls": {"client_cert_chain": []}}])
def test_without_one_there_is_nobody_unless_one_is_required(compiled, extensions):
    proven = compiled(CLIENT).of(http(extensions=extensions))
    assert (proven.peer.certificate, proven.refusal) == (None, None)


def test_where_one_is_required_nobody_comes_without(compiled):
    assert reason(compiled(CLIENT.replace("optional", "required")).of(http())) == "certificate.missing"


def test_none_where_the_file_asks_for_none(compiled, authority):
    proven = compiled("{mode: off}".replace("off", '"off"')).of(shown(authority.issue_client(cn="john")))
    assert (proven.peer.certificate, proven.refusal) == (None, None)


def test_what_our_own_adapter_has_proven_counts_first(compiled):
    ours = Proven(Peer("192.0.2.1"))
    scope = http(extensions={PROVEN: ours, "tls": {"client_cert_chain": ["garbage"]}})
    assert compiled(CLIENT).of(scope) is ours


class TestWithSeveralListeners:
    OTHER = CLIENT.replace("}", ", depth: 2}")

    def test_any_where_they_ask_the_same(self, compiled):
        assert compiled(CLIENT, CLIENT)._told is not None

    def test_the_one_that_is_named(self, compiled):
        assert compiled(CLIENT, self.OTHER, listener="one1")._told.depth == 2

    @pytest.mark.parametrize(("listener", "word"), [(None, "one0, one1"), ("two", "there is no listener")])
    def test_none_by_guess(self, compiled, listener, word):
        with pytest.raises(ConfigError, match=word):
            compiled(CLIENT, self.OTHER, listener=listener)


def test_a_listener_that_asks_somebody_about_each_is_not_served_with_less(compiled):
    with pytest.raises(ConfigError, match="native listener only"):
        compiled(CLIENT.replace("}", ", revocation: {ocsp: {url: http://ocsp.example/}}}"))
