"""What is a custom service sent, and what is read out of its answer?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.config.values import Refused
from ostiary.config.vaults import CacheSpec, CredentialSpec, FilesVaultSpec, HttpVaultSpec, ResultSpec
from ostiary.config.vaults.http import json_path, request_text, request_url
from ostiary.errors import ConfigError
from ostiary.model import Credential, Secret
from ostiary.vault import compile_vaults
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Throttled, Unavailable
from ostiary.vault.http import compile_http
from ostiary.vault.http.answer import record
from ostiary.vault.http.template import Question
from ostiary.vault.needs import in_order
from ostiary.vault.web import Answer

CANARY = "canary-b2a6"


def spec(**options: Any) -> HttpVaultSpec:
    result = ResultSpec(
        id=options.pop("id", "$.user"),
        secret="$.pass",
        version=options.pop("version", "$.meta.rev"),
        expires_in=options.pop("expires_in", "$.ttl"),
    )
    return HttpVaultSpec(type="http", url="https://creds.example.com/{path}", result=result, **options)


def answered(document: object, status: int = 200, **options: Any) -> Answer:
    return Answer(status, json.dumps(document).encode(), **options)


GOOD = {"user": "svc", "pass": CANARY, "meta": {"rev": 7}, "ttl": 60}


def test_an_answer_gives_pair_version_and_end():
    found = record(answered(GOOD), spec(), asked=100.0)
    assert {name: value.reveal().decode() for name, value in found.fields.items()} == {"id": "svc", "secret": CANARY}
    assert (found.version, found.fetched_at, found.not_after) == ("7", 100.0, 160.0)


@pytest.mark.parametrize(("told", "lasts"), [(2.5, 2.5), ("90", 90.0), (10**400, 366 * 86400.0)])
def test_an_end_is_seconds_of_at_most_a_year(told, lasts):
    assert record(answered({**GOOD, "ttl": told}), spec(), asked=100.0).not_after == 100.0 + lasts


def test_without_a_version_equal_answers_have_one_name_that_tells_nothing():
    one, same, other = (
        record(answered({**GOOD, "pass": text}), spec(version=None), asked=0.0) for text in (CANARY, CANARY, "x")
    )
    assert one.version == same.version != other.version
    assert CANARY not in one.version


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered({}, 404), NotFound),
        (answered({}, 403), AccessDenied),
        (answered({}, 429), Throttled),
        (answered(GOOD, 302), Unavailable),
        (answered(GOOD, 401), Unavailable),
        (answered(GOOD, 500), Unavailable),
        (Answer(200, b"<html>"), Unavailable),
        (Answer(200, b'{"user": "a", "pass": "b", "pass": "c"}'), Unavailable),
        (answered({**GOOD, "pass": None}), Unavailable),
        (answered({**GOOD, "user": {"a": CANARY}}), Unavailable),
        (answered({**GOOD, "ttl": 0}), Unavailable),
        (answered({**GOOD, "ttl": -5}), Unavailable),
        (answered({**GOOD, "ttl": "soon"}), Unavailable),
        (answered({**GOOD, "ttl": True}), Unavailable),
        (answered({**GOOD, "ttl": float("nan")}), Unavailable),
        (answered({**GOOD, "ttl": float("inf")}), Unavailable),
        (answered({**GOOD, "ttl": "9" * 5000}), Unavailable),
        (answered([GOOD]), Unavailable),
    ],
)
def test_whatever_else_it_says_is_no_record(answer: Answer, error: type[SecretError]):
    with pytest.raises(SecretError) as caught:
        record(answer, spec(), asked=0.0)
    assert type(caught.value) is error
    assert CANARY not in str(caught.value)


def test_which_statuses_mean_what_can_be_said():
    with pytest.raises(NotFound):
        record(answered({}, 410), spec(not_found=[404, 410]), asked=0.0)
    with pytest.raises(Unavailable):
        record(answered({}, 403), spec(denied=[]), asked=0.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$.a.b", 1),
        ("$['a']['b']", 1),
        ("$.list[1].c", 2),
        ("$['with space']", 3),
        ("$.a.absent", None),
        ("$.list[9]", None),
        ("$.a[0]", None),
        ("$", {"a": {"b": 1}, "list": [0, {"c": 2}], "with space": 3}),
    ],
)
def test_a_place_is_names_and_positions(text: str, found: object):
    assert json_path(text).find({"a": {"b": 1}, "list": [0, {"c": 2}], "with space": 3}) == found


@pytest.mark.parametrize("text", ["", "a.b", "$..a", "$.*", "$.a[*]", "$[-1]", "$[0:2]", "$[?@.a]", "$.a b", "$.", 7])
def test_what_could_match_twice_is_refused(text: object):
    with pytest.raises(Refused):
        json_path(text)


QUESTION = Question("a b/c", "3", {"api": Credential("api", "me", Secret(CANARY), "1")})


def test_what_is_filled_in_fits_where_it_goes():
    assert QUESTION.url("https://h/v1/{path}?v={version}") == "https://h/v1/a%20b/c?v=3"
    assert QUESTION.header("Bearer {api.secret}").reveal() == f"Bearer {CANARY}".encode()
    assert QUESTION.text("{api.id} {path} {version}").reveal() == b"me a b/c 3"


def test_a_secret_with_a_line_break_is_not_written_into_a_header():
    broken = Question("a", "", {"api": Credential("api", "", Secret(f"{CANARY}\r\nX: y"), "1")})
    with pytest.raises(Unavailable) as caught:
        broken.header("Bearer {api.secret}")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("text", ["{api}", "{path", "path}", "{api.version}", "{principal.subject}", "line\n", "é"])
def test_a_text_that_cannot_be_filled_in_is_refused(text: str):
    with pytest.raises(Refused):
        request_text(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://creds.example.com/v1",
        "https://{path}/v1",
        "https://creds.example.com:{version}/{path}",
        "https://creds.example.com/{path}?key={api.secret}",
        "http://creds.example.com/{path}",
        "https://user:pass@creds.example.com/{path}",
    ],
)
def test_a_url_has_a_fixed_place_and_no_secret(url: str):
    with pytest.raises(Refused):
        request_url(url)


async def test_a_version_is_pinned_only_where_it_can_be_asked_for():
    provider = compile_http(spec(), Path())
    with pytest.raises(Misconfigured, match="one version"):
        await provider.fetch("crm", 3)
    await provider.aclose()


def test_vaults_come_after_those_that_they_need():
    assert in_order({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()}) == ["c", "b", "a"]
    with pytest.raises(ConfigError, match="a needs b needs a"):
        in_order({"a": frozenset("b"), "b": frozenset("a")})


async def test_a_vault_cannot_be_shown_what_it_keeps_itself_or_what_nobody_keeps(tmp_path: Path):
    vaults = {"tokens": FilesVaultSpec(type="files", path="."), "ext": spec(headers={"Authorization": "{api.secret}"})}
    for vault, says in (("ext", "needs itself"), ("other", "there is none")):
        alias = "api" if vault == "ext" else "another"
        credentials = {alias: CredentialSpec(vault="ext" if vault == "ext" else "tokens")}
        with pytest.raises(ConfigError, match=says):
            compile_vaults(vaults, credentials, tmp_path)


def test_a_body_is_only_posted():
    with pytest.raises(ValueError, match="POST"):
        spec(body={"name": "{path}"}, cache=CacheSpec())
    assert spec(body={"name": "{path}"}, method="POST").method == "POST"
