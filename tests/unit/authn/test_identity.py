"""Whom do certificates of different kinds and different authorities stand for?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256

import pytest
from pydantic import ValidationError
from tests.unit.authn.test_mtls import request

from ostiary.authn.mtls import compile_mtls
from ostiary.authz.compile import compile_policy
from ostiary.config.certificates import MtlsSpec
from ostiary.config.schema import RuleSpec
from ostiary.errors import ConfigError, Forbidden, InvalidCertificate
from ostiary.model import Certificate, Principal
from ostiary.pki import extensions
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.pki.keys import generate
from ostiary.pki.names import general_names
from ostiary.pki.subject import parse_subject
from ostiary.reasons import Reason

TELLER = "/C=GB/O=Bank/OU=Payments/CN=teller"


@cache
def authority(name: str) -> Authority:
    return Authority.create(parse_subject(name))


NORTH, SOUTH = "/O=Bank/CN=North CA", "/O=Bank/CN=South CA"


def certificate(subject: str = TELLER, *, by: str = NORTH, **names) -> Certificate:
    listed = general_names(**names)
    named = parse_subject(subject)
    marks = [
        *extensions.leaf(extensions.CLIENT),
        *extensions.alternative_names(listed, subject_empty=not list(named)),
    ]
    return describe(authority(by).issue(named, generate().public_key(), marks, days=30))


async def principal(shown: Certificate, **spec) -> Principal:
    proven = await compile_mtls(MtlsSpec.model_validate(spec)).authenticate(request(shown))
    assert proven is not None
    return proven


async def refused(shown: Certificate, **spec) -> Reason:
    with pytest.raises(InvalidCertificate) as error:
        await principal(shown, **spec)
    return error.value.reason


# --- every kind of name -------------------------------------------------------------------------

FULL = certificate(
    uris=["spiffe://bank.example/teller"],
    hosts=["t.bank.example"],
    emails=["t@Bank.example"],
    upns=["tëller@BANK.example"],
)
NAMES = {
    "cn": "teller",
    "o": "Bank",
    "ou": "Payments",
    "dn": "CN=teller,OU=Payments,O=Bank,C=GB",
    "serial": f"{FULL.serial:x}",
    "san.uri": "spiffe://bank.example/teller",
    "san.dns": "t.bank.example",
    "san.email": "t@bank.example",
    "san.upn": "tëller@bank.example",
    "spiffe": "spiffe://bank.example/teller",
    "spki": FULL.spki,
}


@pytest.mark.parametrize("source", [*NAMES, "fingerprint"])
async def test_each_kind_of_name_can_be_the_subject(source):
    proven = await principal(FULL, subject=source, allow=["**"], issuer="CN=North CA,O=Bank")

    assert proven.subject == (NAMES.get(source) or sha256(FULL.der).hexdigest())


@pytest.mark.parametrize("source", NAMES)
async def test_each_kind_of_name_is_accepted_when_it_is_written_out_and_no_other_is(source):
    assert (await principal(FULL, subject=source, allow=[NAMES[source]], issuer="CN=North CA,O=Bank")).subject
    other = {"serial": "1", "spki": "A" * 43 + "=", "dn": "CN=x"}.get(source, "x")
    spec = {"subject": source, "allow": [other], "issuer": "CN=North CA,O=Bank"}
    assert await refused(FULL, **spec) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


async def test_a_fingerprint_may_be_written_as_openssl_prints_it():
    printed = ":".join(f"{octet:02X}" for octet in sha256(FULL.der).digest())

    assert (await principal(FULL, subject="fingerprint", allow=[printed])).subject == printed.replace(":", "").lower()


async def test_a_pinned_key_survives_renewal_and_a_pinned_certificate_does_not():
    key = generate().public_key()
    marks = extensions.leaf(extensions.CLIENT)
    old, new = (describe(authority(NORTH).issue(parse_subject("a"), key, marks, days=days)) for days in (1, 2))

    assert (await principal(new, subject="spki", allow=[old.spki])).subject == old.spki
    spec = {"subject": "fingerprint", "allow": [sha256(old.der).hexdigest()]}
    assert await refused(new, **spec) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


@pytest.mark.parametrize(
    ("pattern", "accepted"),
    [
        ("CN=*,OU=Payments,O=Bank,C=GB", True),
        ("CN=teller,OU=Payments,O=Bank,C=GB", True),
        ("CN=*,OU=Audit,O=Bank,C=GB", False),
        ("CN=*,O=Bank,C=GB", False),
        ("OU=*,OU=Payments,O=Bank,C=GB", False),
        ("C=GB,O=Bank,OU=Payments,CN=teller", False),
    ],
)
async def test_a_distinguished_name_is_compared_part_by_part(pattern, accepted):
    spec = {"subject": "dn", "allow": [pattern]}
    if accepted:
        assert (await principal(FULL, **spec)).subject == NAMES["dn"]
    else:
        assert await refused(FULL, **spec) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


async def test_a_comma_in_a_common_name_is_no_part_of_the_distinguished_name():
    forged = certificate("/O=Evil/CN=teller,OU=Payments,O=Bank,C=GB")

    assert await refused(forged, subject="dn", allow=["CN=*,OU=Payments,O=Bank,C=GB"]) is (
        Reason.CERTIFICATE_NAME_NOT_ALLOWED
    )


@pytest.mark.parametrize("uri", ["spiffe://Bank.example/a", "spiffe://bank.example/a/../b", "https://bank.example/a"])
async def test_what_is_no_spiffe_id_is_no_name_of_that_kind(uri):
    assert await refused(certificate(uris=[uri]), subject="spiffe", allow=["**"]) is Reason.CERTIFICATE_NAME_MISSING


@pytest.mark.parametrize(
    ("source", "field", "two"),
    [("o", "organizations", ("a", "b")), ("ou", "units", ("a", "b")), ("san.upn", "san_upns", ("a@b", "c@d"))],
)
async def test_two_names_of_a_kind_are_ambiguous(source, field, two):
    shown = replace(FULL, **{field: two})

    assert await refused(shown, subject=source, allow=["**"]) is Reason.CERTIFICATE_NAME_AMBIGUOUS


# --- ordered identities -------------------------------------------------------------------------

BANKS = [
    {"match": {"issuer": "CN=North CA,O=Bank"}, "tenant": "north", "permissions": {"accounts": ["read", "manage"]}},
    {"match": {"issuer": "CN=South CA,O=Bank", "ou": ["Payments", "Audit"]}, "tenant": "south", "environment": "live"},
    {
        "match": {"san.uri": "spiffe://bank.example/robots/*"},
        "subject": "spiffe",
        "permissions": {"accounts": ["read"]},
    },
]


async def test_different_authorities_mean_different_tenants():
    north, south = [await principal(certificate(by=by), subject="cn", identities=BANKS) for by in (NORTH, SOUTH)]

    assert (north.subject, north.tenant, north.environment) == ("teller", "north", None)
    assert (south.subject, south.tenant, south.environment) == ("teller", "south", "live")


async def test_the_same_name_from_another_authority_is_another_principal():
    north, south = [await principal(certificate(by=by), subject="cn", allow=["teller"]) for by in (NORTH, SOUTH)]

    assert (north.subject, north.issuer) == ("teller", "CN=North CA,O=Bank")
    assert (south.subject, south.issuer) == ("teller", "CN=South CA,O=Bank")


async def test_the_first_identity_that_covers_a_certificate_decides():
    shown = certificate(by=NORTH, uris=["spiffe://bank.example/robots/a"])

    assert (await principal(shown, subject="cn", identities=BANKS)).tenant == "north"
    backwards = await principal(shown, subject="cn", identities=BANKS[::-1])
    assert (backwards.subject, backwards.tenant) == ("spiffe://bank.example/robots/a", None)


async def test_all_conditions_of_an_identity_must_hold():
    shown = certificate("/O=Bank/OU=Canteen/CN=cook", by=SOUTH)

    assert await refused(shown, subject="cn", identities=BANKS) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


async def test_a_certificate_with_two_units_does_not_fall_through_to_the_next_identity():
    shown = replace(certificate(by=SOUTH, uris=["spiffe://bank.example/robots/a"]), units=("Payments", "Canteen"))

    assert await refused(shown, subject="cn", identities=BANKS) is Reason.CERTIFICATE_NAME_AMBIGUOUS


async def test_the_subject_of_an_identity_must_be_there():
    shown = certificate("/O=Bank", by=NORTH)

    assert await refused(shown, subject="cn", identities=BANKS) is Reason.CERTIFICATE_NAME_MISSING


async def test_permissions_and_tenants_of_certificates_meet_the_rules_of_a_route():
    rules = [
        RuleSpec.model_validate(one)
        for one in ({"tenant": "north"}, {"permissions": {"accounts": {"any": ["manage"]}}})
    ]
    policy = compile_policy("route", rules)
    north, south = [await principal(certificate(by=by), subject="cn", identities=BANKS) for by in (NORTH, SOUTH)]

    assert policy.permit(north, request(None)).principal is north
    with pytest.raises(Forbidden) as error:
        policy.permit(south, request(None))
    assert error.value.reason is Reason.TENANT_MISMATCH


async def test_an_issuer_above_identities_holds_for_all_of_them():
    spec = {"subject": "cn", "issuer": ["CN=North CA,O=Bank"], "identities": [{"match": {"cn": "**"}}]}

    assert (await principal(certificate(by=NORTH), **spec)).subject == "teller"
    assert await refused(certificate(by=SOUTH), **spec) is Reason.CERTIFICATE_NAME_NOT_ALLOWED


# --- mistakes of the file -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"allow": ["a"], "identities": BANKS},
        {"subject": "serial", "allow": ["4f"]},
        {"subject": "serial", "identities": [{"match": {"cn": "a"}}]},
        {"identities": []},
        {"identities": [{"match": {}}]},
        {"identities": [{"match": {"title": "a"}}]},
    ],
)
def test_what_would_stand_for_nobody_or_anybody_is_refused(spec):
    with pytest.raises(ValidationError):
        MtlsSpec.model_validate(spec)


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("fingerprint", "abcd"),
        ("spki", "not base64"),
        ("serial", "number five"),
        ("dn", "the teller"),
        ("dn", "CN=teller, O=Bank"),
        ("dn", "CN=tel*,O=Bank"),
        ("san.upn", "a*@bank.example"),
        ("spiffe", "spiffe://bank.example/**/a"),
    ],
)
def test_a_pattern_that_is_no_name_of_its_kind_is_a_mistake_of_the_file(source, pattern):
    with pytest.raises(ConfigError):
        compile_mtls(MtlsSpec(subject=source, allow=(pattern,), issuer="CN=a"))
