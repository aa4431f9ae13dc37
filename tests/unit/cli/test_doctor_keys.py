"""Does `ostiary doctor` find a key that does not sign, one that ends, and a key set that others do not find?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.test_doctor_gateway import server

from ostiary.cli.run import run
from ostiary.vault.local import new_key_text

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:8443"}}}}
vaults: {{local: {{type: local, path: vault.db, master_key: file:master.key}}}}
keys: {{identity: {{type: local, vault: local}}}}
publication: {{issuer: "{issuer}", keys: [identity]}}
upstreams: {{old: {{endpoints: ["http://127.0.0.1:9"]}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: old}}
"""
Told = list[tuple[str, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    for name, text in (("master.key", new_key_text()), ("gateway.yaml", FILE.format(issuer="http://127.0.0.1:9"))):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path / "gateway.yaml"


@pytest.fixture
def keys(file: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def command(*words: str) -> str:
        capsys.readouterr()
        assert run(["keys", *words, "--config", str(file)]) == 0
        return capsys.readouterr().out

    return command


@pytest.fixture
def told(file: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Told]:
    def of(group: str) -> Told:
        capsys.readouterr()
        run(["doctor", str(file), "--only", group, "--json"])
        found = json.loads(capsys.readouterr().out)
        return [(one["code"], one["about"], one["detail"]) for one in found if not one["where"].startswith("upstreams")]

    return of


def test_a_key_that_signs_without_end_is_well(keys, told):
    keys("generate", "identity")
    assert told("installed") == []


def test_a_key_that_no_version_signs_for(keys, told):
    keys("generate", "identity")
    keys("disable", "identity", "--version", "1")
    assert told("installed") == [("D716", "keys > identity", "")]


def test_a_ring_that_was_never_made_is_told_with_what_makes_it(file, keys, told):
    keys("generate", "other")
    ((code, about, detail),) = told("installed")
    assert (code, about) == ("D716", "keys > identity")
    assert "no keys/identity" in detail


def test_a_key_that_ends_soon_until_its_next_version_is_there(keys, told):
    keys("generate", "identity", "--days", "3")
    ((code, about, detail),) = told("installed")
    assert (code, about) == ("D717", "keys > identity")
    assert re.fullmatch(r"in (3 d|7\d h)", detail)
    keys("rotate", "identity")
    assert told("installed") == []


def answer(text: str, status: str = "200 OK") -> Callable[[], bytes]:
    content = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return lambda: head.encode() + content


def test_a_key_set_that_others_find_is_well_and_one_that_lacks_a_key_is_not(file, keys, told):
    keys("generate", "identity")
    before = keys("jwks")
    with server(answer(before)) as port:
        file.write_text(FILE.format(issuer=f"http://127.0.0.1:{port}"))
        assert told("endpoint") == []
        keys("rotate", "identity", "--now")
        ((code, about, detail),) = told("endpoint")
        kids = {key["kid"] for key in json.loads(keys("jwks"))["keys"]}
        assert (code, about) == ("D612", "publication > issuer")
        assert {detail} == kids - {json.loads(before)["keys"][0]["kid"]}


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (answer("{}", "404 Not Found"), "the answer is 404"),
        (answer("hello"), "the answer is not a key set"),
        (answer('{"keys": 3}'), "the answer is not a key set"),
        (lambda: b"", "no answer: RemoteProtocolError"),
    ],
    ids=["not there", "something else", "no keys", "broken off"],
)
def test_where_others_look_there_is_something_else(file, keys, told, reply, detail):
    keys("generate", "identity")
    with server(reply) as port:
        file.write_text(FILE.format(issuer=f"http://127.0.0.1:{port}"))
        assert told("endpoint") == [("D611", "publication > issuer", detail)]


def test_where_others_look_nobody_answers(keys, told):
    keys("generate", "identity")
    assert told("endpoint") == [("D611", "publication > issuer", "no answer: ConnectError")]
