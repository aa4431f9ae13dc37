"""What is found that no single field can know?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.surroundings import ENVIRONMENT, NOW
from tests.unit.config.files import changed, codes, judge

from ostiary.config.check import check
from ostiary.config.checks.inject import PLACES
from ostiary.config.checks.policy import _wrong_pattern
from ostiary.config.load import load
from ostiary.errors import ConfigError
from ostiary.inject.template import compile_template
from ostiary.pki.patterns import NamePattern

DAY = 86400.0

WARNINGS = {
    "C402": [("https://accounts.internal:9000", "http://10.0.0.5:9000")],
    "C403": [("        mode: optional\n", "        mode: optional\n        profile: compat\n")],
    "C406": [("{vault: local}", "{vault: local, version: 3}")],
    "C409": [("mode: hard", "mode: soft")],
    "C401": [
        ("    authenticate:\n      jwt: {issuers: [bank]}", "    authenticate:\n      anonymous: {}"),
    ],
    "C220": [("credentials:\n", "credentials:\n  spare: {vault: local}\n")],
}


@pytest.mark.parametrize("way", ["basic", "post", "private_key_jwt"])
def test_a_client_of_oauth_may_be_another_one_for_each_caller(way: str, furnished: Path) -> None:
    client = f"{{{way}: {{credential: reports}}}}"
    own = f'      - oauth2: {{token_url: "https://id.example.com/token", client: {client}}}'
    said = [
        ("reports: {vault: local}", 'reports: {vault: local, path: "{principal.tenant}"}'),
        ("      - header: {name: X-Key, credential: reports}", own),
    ]
    assert codes(judge(furnished, changed(*said))) == []


@pytest.mark.parametrize("code", WARNINGS)
def test_what_is_doubtful_is_a_warning_and_stops_nothing(code: str, furnished: Path) -> None:
    examined = judge(furnished, changed(*WARNINGS[code]))
    assert codes(examined) == [code]
    assert examined.problems[0].severity == "warning"
    assert examined.sound().warnings == examined.problems


def test_a_warning_about_plain_http_can_be_silenced_in_so_many_words(furnished: Path) -> None:
    spoken = ("https://accounts.internal:9000]", "http://10.0.0.5:9000]\n    plaintext: accepted")
    assert codes(judge(furnished, changed(spoken))) == []


def test_plain_http_without_a_credential_is_nobody_s_business(furnished: Path) -> None:
    text = changed(
        ("https://accounts.internal:9000", "http://10.0.0.5:9000"), ("      - basic: {credential: accounts}\n", "")
    )
    assert "C402" not in codes(judge(furnished, text))


def test_a_certificate_is_warned_about_a_month_ahead_and_refused_when_it_has_expired(furnished: Path) -> None:
    text = changed(("        revocation: {crls: [file:pki/ca.crl], mode: hard}\n", ""))
    assert codes(judge(furnished, text, now=NOW + 59 * DAY)) == []
    assert codes(judge(furnished, text, now=NOW + 61 * DAY)) == ["C408"]
    assert codes(judge(furnished, text, now=NOW + 91 * DAY)) == ["C504"]
    assert "C504" in codes(judge(furnished, text, now=NOW - 2 * DAY))


def test_an_old_revocation_list_stops_the_start_only_in_hard_mode(furnished: Path) -> None:
    old = ("file:pki/ca.crl", "file:pki/stale.crl")
    assert [(p.code, p.severity) for p in judge(furnished, changed(old)).problems] == [("C511", "error")]
    soft = judge(furnished, changed(old, ("mode: hard", "mode: soft"))).problems
    assert sorted((p.code, p.severity) for p in soft) == [("C409", "warning"), ("C511", "warning")]


def test_the_certificate_of_an_upstream_itself_may_be_trusted_and_no_other_kind_of_place_takes_one(
    furnished: Path,
) -> None:
    secure = "endpoints: [https://accounts.internal:9000]"
    pinned = (secure, f"{secure}\n    tls: {{trusted: [file:pki/server.pem]}}")
    assert codes(judge(furnished, changed(pinned))) == []
    assert codes(judge(furnished, changed(("[file:pki/ca.pem]", "[file:pki/server.pem]")))) == ["C506", "C510"]
    soon = judge(furnished, changed(pinned), now=NOW - 2 * DAY).problems
    assert any("the certificate 'CN=" in one.message and one.code == "C505" for one in soon)


def test_an_authority_that_has_expired_may_stand_beside_its_successor(furnished: Path) -> None:
    text = changed(("[file:pki/ca.pem]", "[file:pki/old-ca.pem, file:pki/ca.pem]"))
    assert [(p.code, p.severity) for p in judge(furnished, text).problems] == [("C505", "warning")]


def test_a_key_that_others_can_read_is_a_warning(furnished: Path) -> None:
    (furnished / "open.key").write_bytes((furnished / "pki" / "server.key").read_bytes())
    (furnished / "open.key").chmod(0o644)
    examined = judge(furnished, changed(("file:pki/server.key", "file:open.key")))
    assert codes(examined) == ["C407"]
    assert ("help", "chmod 600 open.key") in examined.problems[0].facts


def test_a_pipe_is_not_waited_for_as_if_it_were_a_file(furnished: Path) -> None:
    os.mkfifo(furnished / "pipe")
    assert codes(judge(furnished, changed(("file:pki/server.pem", "file:pipe")))) == ["C501"]


def test_check_of_a_loaded_file_says_what_examine_says(furnished: Path) -> None:
    text = changed(("[bank, partner]", "[bnak, partner]"), ("file:pki/server.key", "file:pki/other.key"))
    examined = judge(furnished, text)
    (furnished / "same.yaml").write_text(text)
    assert [p.code for p in check(load(furnished / "same.yaml"), now=NOW, environ=ENVIRONMENT)] == codes(examined)


def test_different_methods_hosts_or_patterns_do_not_collide(furnished: Path) -> None:
    for match in (
        "{host: api.example.com, path: /accounts/**, methods: [POST]}",
        '{host: "*.example.com", path: /accounts/**, methods: [GET]}',
        "{path: /accounts/**, methods: [GET]}",
        "{host: api.example.com, path: /accounts/*, methods: [GET]}",
        "{host: api.example.com, path: /accounts/, methods: [GET]}",
    ):
        assert codes(judge(furnished, changed(("{path: /reports/*}", match)))) == [], match


@pytest.mark.parametrize("text", [
    "**", "a", "*", "a*", "a/*", "a/**", "a/**/b", "spiffe://x/*/y", "spiffe://x/**", "spiffe://x*/y", "***",
    "*.example.com", "a*.example.com", "**.example.com", "*@example.com", "me@*", "a/b", "spiffe://**",
])  # fmt: skip
@pytest.mark.parametrize("source", ["cn", "o", "san.uri", "san.dns", "san.email", "san.upn", "spiffe", "spki"])
def test_patterns_are_refused_here_exactly_where_the_authenticator_refuses_them(text: str, source: str) -> None:
    try:
        NamePattern.parse(text, source)
    except ConfigError:
        assert _wrong_pattern(text, source) is not None
    else:
        assert _wrong_pattern(text, source) is None


@pytest.mark.parametrize("text", [
    *(f"{{{place}}}" for place in PLACES), "x", "{", "}", "{}", "{{}}", "{principal}", "{principal.claims.}", "é",
    "{principal.claims.a.b}", "{principal.claims.a b}", "a{request.id}b", "{request.ID}", "\x7f", "{principal.subject",
])  # fmt: skip
def test_templates_are_refused_here_wherever_the_injector_refuses_them(text: str, furnished: Path) -> None:
    quoted = text.replace("\x7f", "\\x7f").replace('"', '\\"')
    here = codes(judge(furnished, changed(('"{principal.subject}"', f'"{quoted}"'))))
    try:
        compile_template(text)
    except ConfigError:
        assert here == ["C316"]
    else:
        assert here == []
