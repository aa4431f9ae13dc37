"""Does the file's check say which library is missing, before the start does?"""

from __future__ import annotations

import tomllib

import pytest
from tests.support.pages import ROOT

from ostiary.config.load import examine

SOUND = (ROOT / "tests/config/sound.yaml").read_text()
ASKED = {
    "aws": "vaults:\n  x: {type: aws, region: eu-central-1}\n",
    "azure": 'vaults:\n  x: {type: azure, address: "https://b.vault.azure.net", auth: {environment: default}}\n',
    "gcp": "vaults:\n  x: {type: gcp, project: bank-1}\n",
    "age": "vaults:\n  x: {type: age, path: secrets.age, identity: file:identity}\n",
    "hsm": "keys:\n  x: {type: pkcs11, module: file:m.so, token: t, label: l, pin: file:pin}\n",
    "redis": 'shared: {redis: {url: "redis://127.0.0.1:6379"}, key: env:KEY}\n',
    "grpc": "listeners:\n  x: {bind: 'unix:/run/s', decide: envoy-grpc}\n",
    "otel": 'tracing: {otlp: "http://127.0.0.1:4318/v1/traces"}\n',
    "cel": "routes:\n  - {name: reports, authorize: [{expression: 'true'}]}\n",
}
KEYS = {
    "aws": "keys:\n  x: {type: aws, region: eu-central-1, ids: [alias/a]}\n",
    "azure": f"{ASKED['azure']}keys:\n  k: {{type: azure, vault: x, name: k}}\n",
}
CASES = [*ASKED.items(), *KEYS.items()]


@pytest.fixture
def told(tmp_path):
    def tell(asked: str) -> list[str]:
        """What a sound file has missing, with something laid over it."""
        file, over = tmp_path / "gateway.yaml", tmp_path / "over.yaml"
        file.write_text(SOUND)
        over.write_text(asked)
        problems = examine(file, [over], environ={}).problems
        return [f"{one.message}: {dict(one.facts)['help']}" for one in problems if one.code == "C560"]

    return tell


@pytest.mark.parametrize(("extra", "asked"), CASES)
def test_a_library_that_is_missing_is_named_with_what_to_type(extra, asked, told, monkeypatch):
    monkeypatch.setattr("ostiary.config.checks.extras.find_spec", lambda _: None)
    found = told(asked)
    assert found
    assert all(f'pip install "ostiary[{extra}]"' in one for one in found)


@pytest.mark.parametrize(("extra", "asked"), CASES)
def test_a_package_around_it_that_is_missing_is_no_worse(extra, asked, told, monkeypatch):
    def fail(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("ostiary.config.checks.extras.find_spec", fail)
    assert told(asked)


@pytest.mark.parametrize(("extra", "asked"), CASES)
def test_one_that_is_there_is_not_spoken_of(extra, asked, told, monkeypatch):
    monkeypatch.setattr("ostiary.config.checks.extras.find_spec", lambda name: name)
    assert told(asked) == []


def test_what_needs_none_asks_for_none(told, monkeypatch):
    monkeypatch.setattr("ostiary.config.checks.extras.find_spec", lambda _: None)
    assert told("drain_timeout: 5s\n") == []


def test_every_extra_that_a_file_can_ask_for_is_here():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    by_code = {"asgi", "http3", "fastapi", "uvicorn", "jwe"}  # asked for by programs, not by files
    assert set(ASKED) == set(extras) - by_code
