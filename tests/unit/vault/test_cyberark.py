"""What does CyberArk's provider mean, and what is it asked? Its shapes are from public descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.config.vaults import CyberarkVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.cyberark import CHANGING, compile_cyberark, record
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.web import Answer, Web

CANARY = "canary-11d0"
ACCOUNT = {
    "Content": CANARY,
    "UserName": "svc",
    "Address": "legacy.example",
    "LastSuccessChange": "1700000000",
    "PasswordChangeInProcess": "False",
}


def answer(status: int = 200, **document: Any) -> Answer:
    return Answer(status, json.dumps(document).encode())


def test_an_account_is_a_pair_and_whatever_else_is_text():
    found = record(answer(**ACCOUNT), 10.0)
    fields = {name: value.reveal().decode() for name, value in found.fields.items()}
    assert (fields["id"], fields["secret"], fields["Address"]) == ("svc", CANARY, "legacy.example")
    assert (found.version, found.not_after) == ("1700000000", None)


def test_without_a_date_the_pair_itself_has_a_name_that_tells_nothing():
    undated = {name: value for name, value in ACCOUNT.items() if name != "LastSuccessChange"}
    one, same, other = (record(answer(**{**undated, **more}), 0.0) for more in ({}, {"Address": "x"}, {"Content": "y"}))
    assert one.version == same.version != other.version
    assert CANARY not in one.version


@pytest.mark.parametrize("word", ["True", "true", True])
def test_while_a_password_is_changed_it_is_used_for_seconds(word: object):
    assert record(answer(**{**ACCOUNT, "PasswordChangeInProcess": word}), 10.0).not_after == 10.0 + CHANGING


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "APPAP004E", NotFound),
        (403, "APPAP008E", AccessDenied),
        (403, "APPAP306E", AccessDenied),
        (400, "APPAP227E", Misconfigured),
        (400, "APPAP228E", Misconfigured),
        (400, "APPAP229E", Misconfigured),
        (400, "AIMWS030E", Misconfigured),
        (400, "AIMWS031E", Misconfigured),
        (400, "APPAP081E", Misconfigured),
        (400, "CASVL010E", Misconfigured),
        (400, "APPAP007E", Unavailable),
        (500, "APPAP282E", Unavailable),
        (500, "APPAP000E", Unavailable),
        (403, "", Unavailable),
        (404, "<html>", Unavailable),
    ],
)
def test_errors_are_told_apart_by_their_code(status: int, code: str, error: type[SecretError]):
    with pytest.raises(SecretError) as caught:
        record(answer(status, ErrorCode=code, ErrorMsg=CANARY), 0.0)
    assert type(caught.value) is error
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"", json.dumps({"UserName": "svc"}).encode()])
def test_what_is_no_account_is_no_answer(content: bytes):
    with pytest.raises(Unavailable):
        record(Answer(200, content), 0.0)


async def asked(monkeypatch: pytest.MonkeyPatch, path: str, **options: Any) -> str:
    urls: list[str] = []

    async def ask(_: Web, method: str, url: str) -> Answer:
        urls.append(f"{method} {url.partition('/api/')[2]}")
        return answer(**ACCOUNT)

    monkeypatch.setattr(Web, "ask", ask)
    spec = CyberarkVaultSpec(type="cyberark", address="https://ccp.example.com", app_id="gw", **options)
    provider = compile_cyberark(spec, Path())
    await provider.fetch(path, None)
    await provider.aclose()
    return urls[0]


async def test_a_path_is_safe_folders_and_object(monkeypatch: pytest.MonkeyPatch):
    assert await asked(monkeypatch, "S/crm") == "GET Accounts?AppID=gw&Safe=S&Object=crm"
    assert await asked(monkeypatch, "S/a/b/crm") == "GET Accounts?AppID=gw&Safe=S&Folder=a%5Cb&Object=crm"


async def test_or_it_is_part_of_a_query(monkeypatch: pytest.MonkeyPatch):
    got = await asked(monkeypatch, "svc", query="Safe=S;UserName={path}", query_format="Regexp", reason="gateway")
    assert got == "GET Accounts?AppID=gw&Query=Safe%3DS%3BUserName%3Dsvc&QueryFormat=Regexp&Reason=gateway"


@pytest.mark.parametrize("path", ["crm", "S/my crm", "S/a+b", "S/a&b", "S/a;b", "S/a%b", "S/../x", "S//x"])
def test_what_the_provider_does_not_accept_is_refused_beforehand(path: str):
    spec = CyberarkVaultSpec(type="cyberark", address="https://ccp.example.com", app_id="gw")
    with pytest.raises(ConfigError):
        compile_cyberark(spec, Path()).check(path)


@pytest.mark.parametrize(
    "options", [{"app_id": "a b"}, {"query": "UserName=x"}, {"query": "{path}"}, {"query": "A={path};B=a+b"}]
)
def test_values_that_cannot_be_asked_for_are_refused_in_the_file(options: dict[str, str]):
    with pytest.raises(ValueError, match=r"provider accepts|NAME=value"):
        CyberarkVaultSpec(**{"type": "cyberark", "address": "https://ccp.example.com", "app_id": "gw", **options})
