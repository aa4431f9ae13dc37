"""Is each thing that can be wrong found, and nothing where nothing is wrong?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.pki import CLIENT_AUTH, odd_client, root, signed_by_openssl, signed_with_sha1

from ostiary.errors import InvalidCertificate
from ostiary.listener.profile import check_chain
from ostiary.model import Secret
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name, sign
from ostiary.pki.certificate import describe
from ostiary.pki.contents import Contents, read_contents
from ostiary.pki.diagnosis.codes import CODES, GROUPS
from ostiary.pki.diagnosis.exam import examine
from ostiary.pki.diagnosis.finding import Patient
from ostiary.pki.files import chain_pem, pem, pkcs12_bytes
from ostiary.pki.keys import generate, private_pem
from ostiary.pki.register import revoked_entry

# The library means to refuse such certificates one day.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")

NOW = datetime.now(UTC) + timedelta(hours=1)  # what is made while a slow run goes on has begun by then
DAY = timedelta(days=1)
ROOT = root()
PASSWORD = Secret("open sesame")
EKU = (x509.ExtendedKeyUsage([CLIENT_AUTH]), False)
USAGE = extensions.key_usage(digital_signature=True)
URI = (x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://example.com/a")]), False)
GOOD = ROOT.issue_client(cn="john", uris=["spiffe://example.com/john"])
ISSUING = ROOT.intermediate("issuing")
BELOW = ISSUING.issue_client(cn="john", uris=["spiffe://example.com/john"])


def patient(*certificates: x509.Certificate, name: str = "file.pem", form: str = "PEM", **contents) -> Patient:
    return Patient(name, Contents(form, certificates, **contents))


def found(*patients: Patient, purpose: str = "client", now: datetime = NOW) -> list[str]:
    return [finding.name for _, finding in examine(patients, purpose, now)]


def odd(*marks, **how) -> Patient:
    return patient(odd_client(ROOT, marks, **how).certificate)


def names(*values: x509.GeneralName, critical: bool = False, **how) -> Patient:
    return odd(EKU, USAGE, (x509.SubjectAlternativeName(values), critical), **how)


def uri(*values: str, **how) -> Patient:
    return names(*(x509.UniformResourceIdentifier(value) for value in values), **how)


def authority(*marks, days: float = 30, key=None) -> Patient:
    """An authority that signs itself, with exactly these extensions beside its key identifiers."""
    private = key or generate()
    name = common_name("CA")
    public = private.public_key()
    return patient(sign(name, public, name, private, marks, NOW - DAY, NOW + timedelta(days=days)))


def bare_authority() -> Patient:
    private = generate()
    name = common_name("CA")
    period = (NOW - DAY, NOW + 90 * DAY)
    builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), *period)
    for mark, critical in extensions.authority(0):
        builder = builder.add_extension(mark, critical=critical)
    return patient(builder.sign(private, hashes.SHA256()))


def signed_leaf(
    subject: x509.Name, days: tuple[float, float], *, own: bool = False, identifiers: bool = True
) -> Patient:
    private = generate()
    issuer, key = (subject, private) if own else (ROOT.certificate.subject, ROOT.key)
    begin, end = (NOW + day * DAY for day in days)
    builder = x509.CertificateBuilder(issuer, subject, private.public_key(), x509.random_serial_number(), begin, end)
    for mark, critical in [*extensions.leaf(extensions.CLIENT), URI]:
        builder = builder.add_extension(mark, critical=critical)
    if identifiers:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    return patient(builder.sign(key, hashes.SHA256()))


def serial(number: int) -> Patient:
    period = (NOW - DAY, NOW + 90 * DAY)
    builder = x509.CertificateBuilder(
        ROOT.certificate.subject, common_name("a"), generate().public_key(), number, *period
    )
    for mark, critical in [*extensions.leaf(extensions.CLIENT), URI]:
        builder = builder.add_extension(mark, critical=critical)
    der = builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    size = bytes([len(octets)])
    der = der.replace(b"\x02" + size + octets, b"\x02" + size + bytes([octets[0] | 0x80]) + octets[1:], 1)
    return patient(x509.load_der_x509_certificate(der))


def crl(days: tuple[float, float] = (-1, 30), *, by: Authority = ROOT, number: bool = True, **extra) -> Patient:
    begin, end = (NOW + day * DAY for day in days)
    builder = x509.CertificateRevocationListBuilder(extra.get("issuer", by.certificate.subject), begin, end)
    if number:
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
    for mark, critical in extra.get("marks", ()):
        builder = builder.add_extension(mark, critical=critical)
    for certificate in extra.get("revoked", ()):
        builder = builder.add_revoked_certificate(revoked_entry(certificate.serial_number, begin, "keyCompromise"))
    return patient(name="ca.crl", crls=(builder.sign(by.key, hashes.SHA256()),))


def weak() -> Patient:
    return patient(odd_client(ROOT, [EKU, USAGE, URI], key=rsa.generate_private_key(65537, 1024)).certificate)


def without_next_update() -> Patient:
    (one,) = crl(revoked=[root().issue_client(cn="a").certificate for _ in range(4)]).contents.crls
    der = one.public_bytes(Encoding.DER)
    when = one.next_update_utc.strftime("%y%m%d%H%M%SZ").encode()
    return patient(crls=(x509.load_der_x509_crl(shortened(der, b"\x17\x0d" + when)),))


def shortened(der: bytes, piece: bytes) -> bytes:
    """DER without one piece of its signed part; the lengths around it are mended, the signature is not."""
    at = der.index(piece)
    outer, inner = int.from_bytes(der[2:4], "big"), int.from_bytes(der[6:8], "big")
    assert (der[1], der[5]) == (0x82, 0x82)
    less = len(piece)
    head = der[:2] + (outer - less).to_bytes(2, "big") + der[4:6] + (inner - less).to_bytes(2, "big")
    return head + der[8:at] + der[at + less :]


def twice() -> Patient:
    """A certificate whose extension of one kind stands in it twice."""
    der = GOOD.certificate.public_bytes(Encoding.DER)
    usage, purpose = bytes.fromhex("0603551d0f"), bytes.fromhex("0603551d25")
    return patient(x509.load_der_x509_certificate(der.replace(usage, purpose)))


CASES: dict[str, Callable[..., list[str]]] = {
    "D101": lambda tmp: found(patient(signed_by_openssl(ROOT, tmp))),
    "D102": lambda _: found(odd(USAGE, URI)),
    "D103": lambda _: found(patient(ROOT.issue_server("a.example").certificate)),
    "D104": lambda _: found(odd(USAGE, URI, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False))),
    "D106": lambda _: found(odd(EKU, URI, extensions.key_usage(certificates=True))),
    "D107": lambda _: found(patient(GOOD.certificate), now=NOW + 200 * DAY),
    "D108": lambda _: found(patient(GOOD.certificate), now=NOW - 2 * DAY),
    "D109": lambda _: found(patient(GOOD.certificate), now=NOW + 80 * DAY),
    "D110": lambda _: found(weak()),
    "D111": lambda tmp: found(patient(signed_with_sha1(ROOT, tmp))),
    "D112": lambda _: found(serial(0x7123456789ABCDEF)),
    "D113": lambda _: found(odd(EKU, USAGE, subject=common_name(None))),
    "D114": lambda _: found(odd(EKU, USAGE)),
    "D115": lambda _: found(uri("spiffe://example.com/a", "spiffe://example.com/b")),
    "D116": lambda _: found(uri("spiffe://Example.com/a/../b")),
    "D117": lambda _: found(odd(EKU, USAGE, URI, subject=common_name("admin\u202e"))),
    "D118": lambda _: found(uri("spiffe://example.com/a", subject=common_name(None))),
    "D119": lambda _: found(signed_leaf(common_name("a"), (-1, 30), identifiers=False)),
    "D120": lambda _: found(odd(EKU, USAGE, URI, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True))),
    "D121": lambda _: found(patient(ROOT.issue_client(cn="a", uris=["spiffe://a/b"], days=900).certificate)),
    "D122": lambda _: found(patient(GOOD.certificate), purpose="server"),
    "D123": lambda _: found(signed_leaf(common_name("a"), (-1, 30), own=True)),
    "D125": lambda _: found(twice()),
    "D201": lambda _: found(authority((x509.BasicConstraints(ca=True, path_length=0), True))),
    "D202": lambda _: found(authority((x509.BasicConstraints(ca=True, path_length=0), True), extensions.key_usage(digital_signature=True))),
    "D203": lambda _: found(authority((x509.BasicConstraints(ca=True, path_length=0), False), extensions.key_usage(certificates=True))),
    "D205": lambda _: found(bare_authority()),
    "D206": lambda _: found(authority((x509.BasicConstraints(ca=True, path_length=0), True), (cert_sign_only(), True))),
    "D207": lambda _: found(patient(ROOT.certificate)),
    "D221": lambda _: found(patient(ISSUING.certificate, BELOW.certificate)),
    "D222": lambda _: found(patient(BELOW.certificate), patient(Authority.create("issuing").certificate)),
    "D223": lambda _: found(patient(GOOD.certificate, ROOT.certificate)),
    "D224": lambda _: found(patient(deep().certificate), *(patient(one) for one in (*deep().chain, ROOT.certificate))),
    "D225": lambda _: found(patient(brief().issue_client(cn="a", days=90).certificate), patient(brief().certificate)),
    "D226": lambda _: found(patient(GOOD.certificate)),
    "D227": lambda _: found(patient(GOOD.certificate, Authority.create("nobody").certificate)),
    "D228": lambda _: found(patient(bank().issue_client(dns=["a.example"]).certificate), patient(bank().certificate)),
    "D301": lambda _: found(patient(GOOD.certificate), patient(keys=(generate(),))),
    "D302": lambda _: found(Patient("a.key", Contents("PEM", keys=(generate(),)), 0o100644)),
    "D303": lambda _: found(Patient("a.key", read_contents(private_pem(GOOD.key, PASSWORD)), 0o100600)),
    "D304": lambda _: found(Patient("ca.key", Contents("PEM", keys=(ROOT.key,)), 0o100600, public=True), patient(ROOT.certificate)),
    "D305": lambda _: found(patient(keys=(generate(),))),
    "D401": lambda _: found(crl((-9, -1))),
    "D402": lambda _: found(without_next_update()),
    "D403": lambda _: found(crl((1, 9))),
    "D404": lambda _: found(crl(by=Authority.create("Test root")), patient(ROOT.certificate)),
    "D405": lambda _: found(crl(marks=[(x509.IssuingDistributionPoint(None, None, False, True, None, False, False), True)])),
    "D406": lambda _: found(crl((-6, 0.5))),
    "D407": lambda _: found(crl(number=False)),
    "D408": lambda _: found(patient(GOOD.certificate), crl(revoked=[GOOD.certificate])),
    "D409": lambda _: found(crl(by=mute()), patient(mute().certificate)),
    "D502": lambda _: found(patient(ROOT.certificate, form="PKCS#12")),
    "D503": lambda _: found(Patient("a.p12", read_contents(pkcs12_bytes(Identity(BELOW.certificate, BELOW.key), PASSWORD), PASSWORD))),
    "D504": lambda _: found(patient(GOOD.certificate, form="JKS", locked=1)),
    "D505": lambda _: found(Patient("a.pem", read_contents(pem([GOOD.certificate])[:-30] + pem([GOOD.certificate])))),
    "D506": lambda _: found(Patient("a.der", read_contents(GOOD.certificate.public_bytes(Encoding.DER)))),
    "D507": lambda _: found(patient(BELOW.certificate, ISSUING.certificate, ISSUING.certificate)),
}  # fmt: skip

ELSEWHERE = {"D105", "D124", "D204", "D501"}  # below, and in the test of the command


def cert_sign_only() -> x509.KeyUsage:
    flags = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    return x509.KeyUsage(key_cert_sign=True, **flags)


def deep() -> Identity:
    """A leaf below two authorities, of which the upper allows none below it."""
    return DEEP


DEEP = ROOT.intermediate("one", path_length=0).intermediate("two").issue_client(cn="a")
BRIEF = ROOT.intermediate("brief", days=10)
BANK = ROOT.intermediate("bank", also=[(x509.NameConstraints([x509.DNSName("bank.example")], None), True)])


def brief() -> Authority:
    return BRIEF


def bank() -> Authority:
    return BANK


def mute() -> Authority:
    """An authority whose keyUsage lacks cRLSign."""
    return MUTE


_KEY = generate()
MUTE = Authority(
    sign(
        common_name("mute"),
        _KEY.public_key(),
        common_name("mute"),
        _KEY,
        [(x509.BasicConstraints(ca=True, path_length=0), True), (cert_sign_only(), True)],
        NOW - DAY,
        NOW + 90 * DAY,
    ),
    _KEY,
)


@pytest.mark.parametrize("code", CASES)
def test_it_is_found(code, tmp_path):
    assert code in CASES[code](tmp_path)


def test_every_code_has_a_case():
    gateways = {"endpoint", "machine", "installed", "clock", "running"}  # in tests of their own
    offline = {name for name, code in CODES.items() if code.group not in gateways}
    assert offline == set(CASES) | ELSEWHERE
    assert {code.group for code in CODES.values()} == set(GROUPS)


@pytest.mark.parametrize("below", [False, True], ids=["below the root", "below an intermediate"])
def test_there_is_nothing_wrong_with_what_our_own_authority_makes(below):
    top = Authority.create("top", path_length=1)
    issuing = top.intermediate("issuing") if below else top
    john = issuing.issue_client(cn="john", uris=["spiffe://example.com/john"])
    server = issuing.issue_server("a.example")
    authorities = patient(top.certificate, *(issuing.chain if below else ()), name="ca.pem")
    lists = patient(name="ca.crl", crls=(top.crl(), issuing.crl()))

    key = Patient("john.key", Contents("PEM", keys=(john.key,)), 0o100600, public=True)
    assert found(Patient("john.pem", read_contents(chain_pem(john))), key, authorities, lists) == []
    assert found(Patient("server.pem", read_contents(chain_pem(server))), authorities, purpose="server") == []


def test_an_authority_that_is_shown_as_a_client_is_told_apart_by_the_listener_and_judged_as_authority_here():
    marks = [(x509.BasicConstraints(ca=True, path_length=0), True), USAGE, EKU, URI]

    assert "D202" in found(odd(*marks))


def test_a_certificate_that_ends_before_it_begins_is_not_made_by_the_library_but_found():
    der = GOOD.certificate.public_bytes(Encoding.DER)
    begin, end = (
        moment.strftime("%y%m%d%H%M%SZ").encode()
        for moment in (GOOD.certificate.not_valid_before_utc, GOOD.certificate.not_valid_after_utc)
    )
    swapped = der.replace(begin, b"x" * 13).replace(end, begin).replace(b"x" * 13, end)

    assert "D124" in found(patient(x509.load_der_x509_certificate(swapped)))


def test_the_documented_openssl_recipe_has_every_fault_named_with_two_commands_that_mend_it(tmp_path):
    """X.509 v1, no purpose, a common name only; under an authority without keyUsage."""
    leaf = signed_by_openssl(ROOT, tmp_path)
    told = {finding.name: finding for _, finding in examine([patient(leaf)], "client", NOW)}

    assert {"D101", "D102", "D114"} <= set(told)
    first, second = told["D101"].remedy.split("; ")
    assert first == "ostiary certs request CN=a --name NAME"
    assert second == "ostiary certs sign NAME.csr"


# --- the doctor and the listener agree ----------------------------------------------------------

LEAVES: dict[str, Callable[..., x509.Certificate]] = {
    "good": lambda _: GOOD.certificate,
    "v1": lambda tmp: signed_by_openssl(ROOT, tmp),
    "sha1": lambda tmp: signed_with_sha1(ROOT, tmp),
    "no purpose": lambda _: odd(USAGE, URI).contents.certificates[0],
    "server": lambda _: ROOT.issue_server("a.example").certificate,
    "any purpose": lambda _: odd(USAGE, URI, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)).contents.certificates[0],
    "no signatures": lambda _: odd(EKU, URI, extensions.key_usage(certificates=True)).contents.certificates[0],
    "weak": lambda _: weak().contents.certificates[0],
    "serial": lambda _: serial(0x7123456789ABCDEF).contents.certificates[0],
    "invisible": lambda _: odd(EKU, USAGE, URI, subject=common_name("a\u200b")).contents.certificates[0],
    "only a name": lambda _: odd(EKU, USAGE).contents.certificates[0],
}  # fmt: skip


def errors(leaf: x509.Certificate, profile: str) -> list[str]:
    told = [finding for _, finding in examine([patient(leaf), patient(ROOT.certificate)], "client", datetime.now(UTC))]
    return [
        one.name for one in told
        if one.code.severity == "error" and one.code.group != "chain" and not (profile == "compat" and one.code.forgiven)
    ]  # fmt: skip


@pytest.mark.parametrize("profile", ["strict", "compat"])
@pytest.mark.parametrize("leaf", LEAVES)
def test_what_the_listener_refuses_is_an_error_and_nothing_else_is(leaf, profile, tmp_path):
    certificate = LEAVES[leaf](tmp_path)
    try:
        check_chain((certificate, ROOT.certificate), profile=profile, depth=4)
        describe(certificate)
    except InvalidCertificate:
        assert errors(certificate, profile) != []
    else:
        assert errors(certificate, profile) == []


def test_the_subject_in_a_remedy_is_quoted_for_the_shell():
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a; rm -rf 'x'")])
    told = [finding for _, finding in examine([odd(USAGE, URI, subject=subject)], "client", NOW)]

    assert told[0].remedy.startswith("ostiary certs request 'CN=a\\; rm -rf '\"'\"'x'\"'\"''")
