"""What does `ostiary export envoy` write, and when does it say no?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ostiary.cli.run import run

CANARY = "canary-of-an-export-3b1d"
FILE = """
version: 1
listeners:
  public: {bind: 127.0.0.1:8443}
  decides: {bind: "unix:/run/d.sock", decide: envoy-http}
vaults: {folder: {type: files, path: secrets}}
credentials: {legacy: {vault: folder}, nowhere: {vault: folder}}
upstreams: {old: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: all
    match: {path: /**}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [basic: {credential: legacy}]
    upstream: old
  - name: other
    match: {path: /other}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [bearer: {credential: nowhere}]
    upstream: old
"""
EXPORT = ["export", "envoy", "--config"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    kept = tmp_path / "secrets" / "legacy"
    kept.mkdir(parents=True)
    for name, text in (("id", "svc"), ("secret", CANARY)):
        (kept / name).write_text(text)
        (kept / name).chmod(0o600)
    (tmp_path / "gateway.yaml").write_text(FILE)
    return tmp_path / "gateway.yaml"


def test_without_a_folder_the_configuration_is_printed_and_no_secret(file, capsys):
    assert run([*EXPORT, str(file)]) == 0
    out = capsys.readouterr().out
    whole = YAML(typ="safe", pure=True).load(out)
    assert whole["static_resources"]["listeners"][0]["name"] == "public"
    assert CANARY not in out
    assert "/etc/envoy/ostiary/secrets/ostiary_basic~legacy.yaml" in out


def test_with_a_folder_secrets_are_for_their_owner_only(file, tmp_path, capsys):
    home = tmp_path / "home"
    assert run([*EXPORT, str(file), "--out", str(home)]) == 0
    said = capsys.readouterr()
    assert CANARY not in said.out + said.err
    assert "credential nowhere is not to be had" in said.err
    names = {one.name: one.stat().st_mode & 0o777 for one in (home / "secrets").iterdir()}
    assert names == {"ostiary_basic~legacy.yaml": 0o600, "ostiary_bearer~nowhere.yaml": 0o600}
    assert (home / "secrets").stat().st_mode & 0o777 == 0o700
    assert "Basic " in (home / "secrets" / "ostiary_basic~legacy.yaml").read_text()
    assert '"inline_string": ""' in (home / "secrets" / "ostiary_bearer~nowhere.yaml").read_text()
    assert str(home) in (home / "envoy.yaml").read_text()


def test_a_folder_that_others_write_to_is_refused(file, tmp_path, capsys):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    assert run([*EXPORT, str(file), "--out", str(home)]) == 1
    assert "chmod go-w" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_the_report_writes_nothing(file, tmp_path, capsys):
    assert run([*EXPORT, str(file), "--report", "--out", str(tmp_path / "home")]) == 0
    assert capsys.readouterr().out.startswith("all: native\n")
    assert not (tmp_path / "home").exists()
    assert run([*EXPORT, str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_nothing_is_written_that_is_weaker_than_the_file(file, tmp_path, capsys):
    text = FILE.replace("basic: {credential: legacy}", "query: {name: a, credential: legacy}")
    file.write_text(text.replace('  decides: {bind: "unix:/run/d.sock", decide: envoy-http}\n', ""))
    home = tmp_path / "home"
    assert run([*EXPORT, str(file), "--out", str(home)]) == 1
    said = capsys.readouterr()
    assert "routes.0.inject.0.query" in said.err
    assert (said.out, home.exists()) == ("", False)


@pytest.mark.parametrize(
    ("listeners", "more", "word"),
    [
        ("a: {bind: 127.0.0.1:1}, b: {bind: 127.0.0.1:2}", [], "several listeners"),
        ("a: {bind: 127.0.0.1:1, decide: envoy-http}", [], "no listener"),
        ("a: {bind: 127.0.0.1:1}", ["--asked", "x"], "no listener with"),
        ("a: {bind: 127.0.0.1:1}", ["--listener", "x"], "--listener a"),
        ("a: {bind: 127.0.0.1:1}", ["--listen", "here"], "IP:PORT"),
        ("a: {bind: 127.0.0.1:1}", ["--watch"], "--out"),
    ],
)
def test_what_cannot_be_written_is_said(file, capsys, listeners, more, word):
    a, b = FILE.index("listeners:"), FILE.index("vaults:")
    file.write_text(f"{FILE[:a]}listeners: {{{listeners}}}\n{FILE[b:]}")
    assert run([*EXPORT, str(file), *more]) == 1
    assert word in capsys.readouterr().err
