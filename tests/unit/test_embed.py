"""Can a program have the credentials of a file, without a gateway?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import ostiary
from ostiary.cli.run import run
from ostiary.config.problem import ConfigInvalid
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.reasons import Reason

CANARY = "canary-e3b1"
FILE = """
vaults:
  db: {type: files, path: secrets}
  spare: {type: files, path: secrets}
  ext: {type: http, url: "http://127.0.0.1:9/{path}", headers: {X-Key: "{key.secret}"}, result: {secret: $.s}, timeout: 1s}
credentials:
  legacy-accounts: {vault: db, path: crm.json, id: username, secret: password}
  key: {vault: spare}
  away: {vault: ext}
  absent: {vault: db}
  each: {vault: db, path: "tenants/{principal.tenant}"}
routes: a gateway is not wanted here
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "secrets" / "crm.json", json.dumps({"username": "svc", "password": f"{CANARY}-1"}))
    write(tmp_path / "secrets" / "key", "k")
    write(tmp_path / "secrets" / "other.json", json.dumps({"id": "me", "secret": "mine"}))
    (tmp_path / "gateway.yaml").write_text(FILE)
    return tmp_path / "gateway.yaml"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_name(".fresh")
    fresh.write_text(text)
    fresh.chmod(0o600)
    fresh.replace(path)


async def test_a_credential_is_id_secret_and_version(file: Path):
    async with ostiary.open_vault(file, only=["legacy-accounts"]) as vault:
        found = await vault.extract("legacy-accounts")
        assert (found.id, found.secret.reveal()) == ("svc", f"{CANARY}-1".encode())
        assert found.version
        assert CANARY not in f"{found} {found!r}"
        assert await vault.extract("legacy-accounts", "db") is found


async def test_a_rotation_is_seen_by_the_next_call(file: Path):
    async with ostiary.open_vault(file, only=["legacy-accounts"]) as vault:
        first = await vault.extract("legacy-accounts")
        write(file.parent / "secrets" / "crm.json", json.dumps({"username": "svc-2", "password": f"{CANARY}-2"}))
        async with asyncio.timeout(10):
            found = first
            while found.version == first.version:
                found = await vault.extract("legacy-accounts")
                await asyncio.sleep(0.02)
        assert found.id == "svc-2"


async def test_a_record_without_an_alias_is_had_by_its_path_and_its_vault(file: Path):
    async with ostiary.open_vault(file, only=["legacy-accounts"]) as vault:
        assert (await vault.extract("other.json", "db")).id == "me"
        with pytest.raises(ConfigError):
            await vault.extract("../gateway.yaml", "db")


async def test_what_the_file_does_not_name_is_no_credential(file: Path):
    async with ostiary.open_vault(file, only=["legacy-accounts", "key"]) as vault:
        with pytest.raises(ostiary.UnknownCredential, match="did you mean 'legacy-accounts'"):
            await vault.extract("legacy-acounts")
        with pytest.raises(ostiary.UnknownCredential, match="kept in vault 'db'"):
            await vault.extract("legacy-accounts", "spare")
        with pytest.raises(ostiary.UnknownCredential, match="no vault 'cloud'"):
            await vault.extract("other", "cloud")
    with pytest.raises(ostiary.UnknownCredential, match="'nobody'"):
        async with ostiary.open_vault(file, only=["nobody"]):
            pass
    with pytest.raises(ostiary.UnknownCredential, match="for each caller"):
        async with ostiary.open_vault(file, only=["each"]):
            pass


async def test_what_cannot_be_had_says_whether_it_may_later(file: Path):
    async with ostiary.open_vault(file, only=["absent", "away"]) as vault:
        assert set(vault.aliases) == {"absent", "away", "key"}  # the vault of one is shown the other
        for alias, reason in (("absent", Reason.CREDENTIAL_MISSING), ("away", Reason.CREDENTIAL_UNAVAILABLE)):
            with pytest.raises(CredentialUnavailable) as caught:
                await vault.extract(alias)
            assert caught.value.reason is reason


async def test_mistakes_of_these_two_sections_count_and_of_others_do_not(file: Path):
    write(file, FILE.replace("vault: spare}", "vault: spar}"))
    with pytest.raises(ConfigInvalid, match="spar"):
        async with ostiary.open_vault(file):
            pass
    write(file, "- no block")
    with pytest.raises(ConfigInvalid):
        async with ostiary.open_vault(file):
            pass


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = ostiary.no_such_thing


# --- ostiary vault test --------------------------------------------------------------------------


def test_the_command_says_version_and_age_and_never_a_value(file: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["vault", "test", "legacy-accounts", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert "vault db (files), path crm.json: version " in out
    assert "s old, id and secret" in out
    assert run(["vault", "test", "legacy-accounts", "--config", str(file), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["alias"], told["vault"], told["id"]) == ("legacy-accounts", "db", True)
    assert CANARY not in out + str(told)


@pytest.mark.parametrize(
    ("aliases", "code", "says"),
    [
        (["absent"], 1, "credential.missing"),
        (["legacy-accounts", "away"], 3, "credential.unavailable"),
        (["nobody"], 2, "no credential 'nobody'"),
        ([], 3, "legacy-accounts: vault db"),
    ],
)
def test_the_command_tells_no_from_not_now(
    file: Path, capsys: pytest.CaptureFixture[str], aliases: list[str], code: int, says: str
):
    assert run(["vault", "test", *aliases, "--config", str(file)]) == code
    captured = capsys.readouterr()
    assert says in captured.out + captured.err
    assert CANARY not in captured.out + captured.err
