"""What does the environment say, and when is it read?"""

from __future__ import annotations

from pathlib import Path

import pytest

from ostiary.config.vaults import EnvVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.env import EnvProvider, compile_env
from ostiary.vault.errors import Misconfigured, NotFound


async def fields(environ: dict[str, str], path: str, folder: Path = Path(), prefix: str = "") -> dict[str, str]:
    provider = EnvProvider(prefix, environ, folder)
    provider.check(path)
    record = await provider.fetch(path, None)
    return {name: secret.reveal().decode() for name, secret in record.fields.items()}


async def test_a_pair_is_two_variables_that_begin_with_the_path():
    environ = {"LEGACY_ACCOUNTS_ID": "svc", "LEGACY_ACCOUNTS_SECRET": "hush", "LEGACY": "other"}
    assert await fields(environ, "legacy-accounts") == {"id": "svc", "secret": "hush"}


async def test_one_value_is_a_variable_of_that_name():
    assert await fields({"REPORTS_KEY": "hush"}, "reports/key") == {"secret": "hush"}


async def test_a_prefix_keeps_the_rest_of_the_environment_out():
    environ = {"HOME": "/root", "OSTIARY_CRM": "hush"}
    assert await fields(environ, "crm", prefix="OSTIARY_") == {"secret": "hush"}
    with pytest.raises(NotFound):
        await fields(environ, "home", prefix="OSTIARY_")


async def test_a_variable_may_name_a_file(tmp_path: Path):
    (tmp_path / "password").write_text("hush\n")
    assert await fields({"CRM_ID": "a", "CRM_SECRET_FILE": "password"}, "crm", tmp_path) == {
        "id": "a",
        "secret": "hush",
    }


async def test_it_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "password").write_text("hush")
    monkeypatch.setenv("CRM_ID", "a")
    monkeypatch.setenv("CRM_SECRET_FILE", "password")
    provider = compile_env(EnvVaultSpec(type="env"), tmp_path)
    provider.check("crm")
    monkeypatch.setenv("CRM_ID", "b")
    (tmp_path / "password").write_text("other")
    record = await provider.fetch("crm", None)
    assert {name: secret.reveal() for name, secret in record.fields.items()} == {"id": b"a", "secret": b"hush"}


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"CRM": "a", "CRM_FILE": "b"}, "both set"),
        ({"CRM_SECRET": "a", "CRM_SECRET_FILE": "b"}, "both set"),
        ({"CRM_SECRET_FILE": "absent"}, "CRM_SECRET_FILE"),
    ],
)
def test_what_is_doubtful_or_not_there_stops_the_start(environ: dict[str, str], says: str, tmp_path: Path):
    with pytest.raises(ConfigError, match=says):
        EnvProvider("", environ, tmp_path).check("crm")


async def test_nothing_and_versions_are_refused():
    with pytest.raises(NotFound, match="ABSENT"):
        await fields({"OTHER": "x", "ABSENT_ID": ""}, "absent")
    with pytest.raises(Misconfigured):
        await EnvProvider("", {"A": "b"}, Path()).fetch("a", 1)
