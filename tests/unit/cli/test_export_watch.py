"""Do the files hold what the vault has, and nothing else?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.export.policy import planned, route

from ostiary.cli.export.watch import Keeper
from ostiary.errors import CredentialUnavailable
from ostiary.export import Plan
from ostiary.model import Credential, Secret
from ostiary.reasons import Reason

FILE = "secrets/ostiary_basic~legacy.yaml"


class Vault:
    """A vault of one credential; None for one that does not give it."""

    def __init__(self) -> None:
        self.now: Credential | None = credential("1", "one")

    async def extract(self, alias: str) -> Credential:
        if self.now is None:
            raise CredentialUnavailable(f"{alias} is gone", reason=Reason.CREDENTIAL_MISSING)
        return self.now


def credential(version: str, secret: str) -> Credential:
    return Credential("legacy", "svc", Secret(secret), version)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = planned(tmp_path, route(inject=[{"basic": {"credential": "legacy"}}]))
    (tmp_path / "secrets").mkdir()
    object.__setattr__(made.place, "home", tmp_path)
    return made


@pytest.fixture
def keeper(plan: Plan, tmp_path: Path) -> Keeper:
    return Keeper(plan, tmp_path / "gateway.yaml", [])


async def test_a_version_is_written_once(keeper: Keeper, tmp_path: Path):
    vault: Any = Vault()
    await keeper._look(vault)
    written = (tmp_path / FILE).stat().st_ino
    await keeper._look(vault)
    assert (tmp_path / FILE).stat().st_ino == written
    vault.now = credential("2", "two")
    await keeper._look(vault)
    assert (tmp_path / FILE).stat().st_ino != written


async def test_what_is_not_to_be_had_is_written_as_nothing_and_comes_back(keeper: Keeper, tmp_path: Path):
    vault: Any = Vault()
    before, vault.now = vault.now, None
    await keeper._look(vault)
    assert keeper.missing == ["legacy"]
    assert '"inline_string": ""' in (tmp_path / FILE).read_text()
    vault.now = before
    await keeper._look(vault)
    assert keeper.missing == []
    assert "Basic " in (tmp_path / FILE).read_text()


async def test_what_cannot_stand_in_a_header_is_written_as_nothing(keeper: Keeper, tmp_path: Path):
    vault: Any = Vault()
    await keeper._look(vault)
    vault.now = credential("2", "a\nb")
    await keeper._look(vault)
    assert '"inline_string": ""' in (tmp_path / FILE).read_text()


async def test_the_log_has_versions_and_no_secret(keeper: Keeper):
    vault: Any = Vault()
    with capture_logs() as log:
        await keeper._look(vault)
        vault.now = None
        await keeper._look(vault)
    assert [(one["event"], one.get("version"), one.get("reason")) for one in log] == [
        ("credential written", "1", None),
        ("credential withdrawn", None, "credential.missing"),
    ]
    assert "one" not in {str(value) for line in log for value in line.values()}


def test_a_policy_that_has_changed_is_said_once(keeper: Keeper, tmp_path: Path):
    with capture_logs() as log:
        keeper._compare()
        (tmp_path / "gateway.yaml").write_text("version: 1")
        keeper._compare()
        keeper._compare()
    assert [one["event"] for one in log] == [
        "the policy has changed: Envoy has the one before until it is exported anew"
    ]
