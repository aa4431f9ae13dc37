"""Is a chain judged alike in a handshake and behind a proxy, whatever is wrong with it? (the ideas of PKITS and x509-limbo)"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.handshake import client_context, peer_of, server_tls
from tests.support.pki import NOW, Files, expired, later, odd_client, signed_with_sha1

from ostiary.config.schema import ForwardedSpec
from ostiary.errors import InvalidCertificate
from ostiary.listener.forwarded import compile_forwarded
from ostiary.model import Headers, Peer
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name, sign
from ostiary.pki.dialect import DIALECTS, Shown
from ostiary.pki.extensions import Extension
from ostiary.pki.keys import generate

TOP = Authority.create("Top")
PLAIN = (x509.BasicConstraints(ca=False, path_length=None), True)
USAGE = extensions.key_usage(digital_signature=True)
PURPOSE = (x509.ExtendedKeyUsage([extensions.CLIENT]), False)
LEAF = [PLAIN, USAGE, PURPOSE]


def purpose(*of: x509.ObjectIdentifier) -> Extension:
    return x509.ExtendedKeyUsage(of), False


def leaf(*marks: Extension, by: Authority = TOP, key=None) -> Identity:
    return odd_client(by, marks or LEAF, key=key)


def between(
    *marks: Extension, by: Authority = TOP, start: timedelta = timedelta(days=-1), days: float = 30, key=None
) -> Authority:
    """An authority below another, with exactly these extensions."""
    private = key or generate()
    begin = NOW + start
    name = common_name("Between")
    made = sign(name, private.public_key(), by.certificate.subject, by.key, marks, begin, begin + timedelta(days=days))
    return Authority(made, private, chain=(made, *by.chain))


def limited(*, permitted=None, excluded=None) -> Authority:
    return TOP.intermediate("Limited", also=[(x509.NameConstraints(permitted, excluded), True)])


def forged() -> Identity:
    """Signed with another key than that of the authority that it names."""
    stranger = Authority(TOP.certificate, generate())
    return leaf(by=stranger)


def tampered() -> Identity:
    good = leaf()
    der = bytearray(good.certificate.public_bytes(Encoding.DER))
    at = bytes(der).index(b"odd")
    der[at : at + 3] = b"Odd"
    return Identity(x509.load_der_x509_certificate(bytes(der)), good.key)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
AUTHORITY = extensions.authority(0)
URI = x509.UniformResourceIdentifier

BOTH, COMPAT, NEITHER = frozenset(("strict", "compat")), frozenset(("compat",)), frozenset()

CASES: dict[str, tuple[Callable[[], Identity], frozenset[str]]] = {
    "a good leaf": (leaf, BOTH),
    "a good leaf below one": (lambda: leaf(by=TOP.intermediate("One")), BOTH),
    "a good leaf below two": (lambda: leaf(by=TOP.intermediate("One", path_length=1).intermediate("Two")), BOTH),
    "for client and server": (lambda: leaf(PLAIN, USAGE, purpose(extensions.SERVER, extensions.CLIENT)), BOTH),
    "an unknown extension that is not critical": (lambda: leaf(*LEAF, (UNKNOWN, False)), BOTH),
    "an authority for clients only": (lambda: leaf(by=between(*AUTHORITY, PURPOSE)), BOTH),
    "no extendedKeyUsage": (lambda: leaf(PLAIN, USAGE), COMPAT),
    "no basicConstraints": (lambda: leaf(USAGE, PURPOSE), BOTH),
    "anyExtendedKeyUsage": (lambda: leaf(PLAIN, USAGE, purpose(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)), NEITHER),
    "for servers": (lambda: leaf(PLAIN, USAGE, purpose(extensions.SERVER)), NEITHER),
    "for code": (lambda: leaf(PLAIN, USAGE, purpose(ExtendedKeyUsageOID.CODE_SIGNING)), NEITHER),
    "an authority as a leaf": (lambda: leaf(extensions.authority(0)[0], USAGE, PURPOSE), NEITHER),
    "the trust anchor itself": (lambda: Identity(TOP.certificate, TOP.key), NEITHER),
    "no digitalSignature": (lambda: leaf(PLAIN, extensions.key_usage(), PURPOSE), NEITHER),
    "an unknown critical extension": (lambda: leaf(*LEAF, (UNKNOWN, True)), NEITHER),
    "expired": (lambda: expired(TOP), NEITHER),
    "not yet valid": (lambda: later(TOP), NEITHER),
    "RSA of 1024 bits": (lambda: leaf(key=rsa.generate_private_key(65537, 1024)), NEITHER),
    "EC below P-256": (lambda: leaf(key=ec.generate_private_key(ec.SECP192R1())), NEITHER),
    "another key's signature": (forged, NEITHER),
    "changed after it was signed": (tampered, NEITHER),
    "self-signed": (lambda: (lambda own: Identity(own.certificate, own.key))(Authority.create("odd")), NEITHER),  # noqa: PLC3002
    "another authority of the same name": (lambda: leaf(by=Authority.create("Top")), NEITHER),
    "below an authority that has expired": (lambda: leaf(by=between(*AUTHORITY, start=timedelta(days=-9), days=3)), NEITHER),
    "below an authority that is not valid yet": (lambda: leaf(by=between(*AUTHORITY, start=timedelta(days=1))), NEITHER),
    "below a leaf": (lambda: leaf(by=between(*LEAF)), NEITHER),
    "below an authority without basicConstraints": (lambda: leaf(by=between(AUTHORITY[1])), NEITHER),
    "below an authority that may not sign": (
        lambda: leaf(by=between(AUTHORITY[0], extensions.key_usage(digital_signature=True))), NEITHER,
    ),
    "below an authority for servers only": (lambda: leaf(by=between(*AUTHORITY, purpose(extensions.SERVER))), NEITHER),
    "below an authority for anything": (
        lambda: leaf(by=between(*AUTHORITY, purpose(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE))),
        NEITHER,
    ),
    "below an authority with an unknown critical extension": (
        lambda: leaf(by=between(*AUTHORITY, (UNKNOWN, True))), NEITHER,
    ),
    "below an authority with a weak key": (
        lambda: leaf(by=between(*AUTHORITY, key=rsa.generate_private_key(65537, 1024))), NEITHER,
    ),
    "below more authorities than one allows": (
        lambda: leaf(by=TOP.intermediate("One", path_length=0).intermediate("Two")), NEITHER,
    ),
    "a name that is permitted": (
        lambda: limited(permitted=[x509.DNSName("bank.example")]).issue_client(dns=["a.bank.example"]), BOTH,
    ),
    "a name that is not permitted": (
        lambda: limited(permitted=[x509.DNSName("bank.example")]).issue_client(dns=["a.example"]), NEITHER,
    ),
    "one of two names that is not permitted": (
        lambda: limited(permitted=[x509.DNSName("bank.example")]).issue_client(dns=["a.bank.example", "b.example"]), NEITHER,
    ),
    "a name that is excluded": (
        lambda: limited(excluded=[x509.DNSName("secret.example")]).issue_client(dns=["a.secret.example"]), NEITHER,
    ),
    "a URI that is not permitted": (
        lambda: limited(permitted=[URI("bank.example")]).issue_client(uris=["spiffe://elsewhere.example/a"]), NEITHER,
    ),
    "a mail address that is not permitted": (
        lambda: limited(permitted=[x509.RFC822Name("bank.example")]).issue_client(emails=["a@elsewhere.example"]), NEITHER,
    ),
}  # fmt: skip


def in_a_handshake(folder: Path, identity: Identity, profile: str) -> bool:
    tls = server_tls(folder, TOP, profile=profile)
    try:
        return peer_of(tls, client_context(identity, folder)).certificate is not None
    except (ssl.SSLError, InvalidCertificate):
        return False


def behind_a_proxy(folder: Path, identity: Identity, profile: str) -> bool:
    client = {"mode": "required", "authorities": [Files(folder).ca(TOP)], "profile": profile}
    spec = {"dialect": "rfc9440", "networks": ["10.0.0.0/29"], "client": client}
    style = DIALECTS["rfc9440"]
    ders = [one.public_bytes(Encoding.DER) for one in (identity.certificate, *identity.chain)]
    shown = Shown(ders[0], tuple(ders[1:]))
    fields = [(b"Client-Cert", style.write(shown)), (b"Client-Cert-Chain", style.write_chain(shown))]
    headers = Headers.of([field for field in fields if field[1]])
    try:
        told = compile_forwarded(ForwardedSpec.model_validate(spec), folder).peer(Peer("10.0.0.1"), headers)
    except InvalidCertificate:
        return False
    return told.certificate is not None


@pytest.mark.attack(58)
@pytest.mark.parametrize("profile", ["strict", "compat"])
@pytest.mark.parametrize(("made", "accepted"), CASES.values(), ids=CASES.keys())
def test_a_chain_is_judged_alike_in_a_handshake_and_behind_a_proxy(tmp_path, made, accepted, profile):
    identity = made()

    assert (in_a_handshake(tmp_path, identity, profile), behind_a_proxy(tmp_path, identity, profile)) == (
        profile in accepted,
        profile in accepted,
    )


@pytest.mark.attack(58)
@pytest.mark.parametrize("profile", ["strict", "compat"])
def test_a_signature_over_sha_1_counts_in_neither(tmp_path, profile):
    certificate = signed_with_sha1(TOP, tmp_path)
    key = load_pem_private_key((tmp_path / "o.key").read_bytes(), None)
    identity = Identity(certificate, key)

    assert not in_a_handshake(tmp_path, identity, profile)
    assert not behind_a_proxy(tmp_path, identity, profile)
