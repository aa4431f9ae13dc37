"""What can an operator do with the local vault, and what is told on the way?"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.support.commands import Run, runner

CANARY = "canary-6ad4f2"
FILE = """
vaults:
  local: {type: local, path: var/vault.db, master_key: "file:key"}
  corporate: {type: hashicorp, address: "https://vault.example:8200", auth: {token: "env:T"}}
credentials:
  reports: {vault: local}
  legacy: {vault: local, path: legacy/x, id: username, secret: password}
  pinned: {vault: local, path: reports, version: 1}
  far: {vault: corporate}
  each: {vault: local, path: "tenants/{principal.tenant}/crm"}
routes: this part does not work yet
"""


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ostiary vault` in a folder with a configuration file and a master key."""
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gateway.yaml").write_text(FILE)
    call = runner("vault", monkeypatch, capsys)
    assert call("key", "--out", "key").code == 0
    return call


@pytest.fixture
def filled(vault: Run) -> Run:
    assert vault("put", "reports", "--id", "svc", "--secret-stdin", stdin=CANARY).code == 0
    return vault


def versions(vault: Run) -> dict[str, list[tuple[int, str]]]:
    return {
        record["path"]: [(version["version"], version["state"]) for version in record["versions"]]
        for record in vault("list", "--json").document
    }


def test_what_is_put_can_be_got(filled):
    assert filled("get", "reports", "--field", "secret").out == CANARY
    assert filled("get", "reports", "--field", "id").out == "svc"


def test_get_is_masked_until_asked(filled):
    for arguments in (["get", "reports"], ["get", "reports", "--json"]):
        ran = filled(*arguments)
        assert (ran.code, CANARY in ran.out) == (0, False)
        assert CANARY in filled(*arguments, "--reveal").out
    assert filled("get", "reports", "--json").document["secret"] is None


def test_path_and_field_names_of_the_configuration_are_honoured(vault):
    vault("put", "legacy", "--id", "svc", "--secret-stdin", stdin=CANARY)
    assert versions(vault) == {"legacy/x": [(1, "enabled")]}
    assert vault("get", "legacy", "--field", "secret").out == CANARY
    assert vault("get", "legacy", "--json").document["id"] == "svc"


def test_one_newline_at_the_end_of_a_secret_is_dropped(vault, tmp_path):
    (tmp_path / "s").write_text("se cret\n\n")
    vault("put", "reports", "--secret-file", "s")
    assert vault("get", "reports", "--field", "secret").out == "se cret\n"


def test_a_rotation_keeps_the_id_and_the_older_version(filled):
    assert filled("rotate", "reports", "--secret-stdin", stdin="new").code == 0
    document = filled("get", "reports", "--json", "--reveal").document
    assert (document["version"], document["id"], document["secret"]) == (2, "svc", "new")
    assert filled("get", "reports", "--version", "1", "--field", "secret").out == CANARY
    assert filled("get", "pinned", "--field", "secret").out == CANARY


def test_only_what_is_there_is_rotated(filled):
    ran = filled("rotate", "legacy", "--secret-stdin", stdin="new")
    assert (ran.code, "there is no legacy/x" in ran.err) == (1, True)


def test_a_version_is_disabled_and_enabled(filled):
    filled("rotate", "reports", "--secret-stdin", stdin="new")
    filled("disable", "reports", "--version", "2")
    assert filled("get", "reports", "--json").document["version"] == 1
    filled("enable", "reports", "--version", "2")
    assert versions(filled) == {"reports": [(1, "enabled"), (2, "enabled")]}


def test_destroying_asks(filled):
    assert filled("destroy", "reports", "--all", stdin="n\n").code == 1
    assert versions(filled) == {"reports": [(1, "enabled")]}
    assert filled("destroy", "reports", "--all", stdin="y\n").code == 0
    assert versions(filled) == {"reports": [(1, "destroyed")]}
    assert filled("get", "reports").code == 1


def test_destroying_says_which(filled):
    assert filled("destroy", "reports", "--yes").code == 2
    assert filled("destroy", "reports", "--yes", "--all", "--version", "1").code == 2
    assert filled("destroy", "reports", "--yes", "--version", "9").code == 1
    assert filled("destroy", "reports", "--yes", "--version", "1").code == 0
    assert filled("enable", "reports", "--version", "1").code == 1


def test_the_master_key_is_changed(filled, tmp_path):
    assert "already" in filled("rekey").out
    (tmp_path / "key").rename(tmp_path / "old")
    filled("key", "--out", "key")
    ran = filled("list")
    assert (ran.code, "locked with master key" in ran.err) == (3, True)
    text = FILE.replace('master_key: "file:key"', 'master_key: "file:key", previous_master_keys: ["file:old"]')
    (tmp_path / "gateway.yaml").write_text(text)
    assert filled("rekey", "--json").document["data_keys"] == 2
    (tmp_path / "gateway.yaml").write_text(FILE)
    assert filled("get", "reports", "--field", "secret").out == CANARY


def test_a_master_key_is_written_for_its_owner_only_and_never_over_another(vault, tmp_path):
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    before = (tmp_path / "key").read_text()
    assert vault("key", "--out", "key").code == 1
    assert (tmp_path / "key").read_text() == before
    assert vault("key").out != vault("key").out


@pytest.mark.parametrize("arguments", [[], ["--secret-stdin", "--secret-file", "x"], ["--secret", CANARY], [CANARY]])
def test_a_secret_is_never_an_argument(vault, arguments):
    ran = vault("put", "reports", "--id", "svc", *arguments, stdin=CANARY)
    assert ran.code == 2


@pytest.mark.parametrize("octets", [b"", b"\n", b"\xff\xfe"])
def test_an_empty_secret_or_one_that_is_no_text_is_refused(vault, octets):
    assert vault("put", "reports", "--secret-stdin", stdin=octets).code == 2


def test_a_vault_of_another_type_is_left_to_its_own_tools(vault):
    ran = vault("put", "far", "--secret-stdin", stdin=CANARY)
    assert (ran.code, "of type hashicorp" in ran.err, "bao kv put" in ran.err) == (2, True, True)


def test_an_alias_that_the_file_does_not_know_is_remarked_upon(vault):
    ran = vault("put", "report", "--secret-stdin", stdin=CANARY)
    assert (ran.code, "did you mean 'reports'?" in ran.err) == (0, True)


def test_among_several_local_vaults_one_is_named(vault, tmp_path):
    more = '  local: {type: local, path: var/vault.db, master_key: "file:key"}\n  other: {type: local, path: var/other.db, master_key: "file:key"}'
    text = FILE.replace('  local: {type: local, path: var/vault.db, master_key: "file:key"}', more)
    (tmp_path / "gateway.yaml").write_text(text)
    assert vault("put", "fresh", "--secret-stdin", stdin="s").code == 2
    assert vault("put", "fresh", "--vault", "other", "--secret-stdin", stdin="s").code == 0
    assert vault("put", "reports", "--vault", "other", "--secret-stdin", stdin="s").code == 2
    assert vault("list", "--vault", "other", "--json").document[0]["path"] == "fresh"
    assert "did you mean 'other'" in vault("list", "--vault", "othr").err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("vaults: [", 1),
        ("- a", 2),
        ("vaults: {local: {type: local, path: p}}", 1),
        (f"vaults: {{local: {{type: local, path: p, master_key: {CANARY}}}}}", 1),
        ("vaults: {}", 2),
    ],
)
def test_a_file_that_says_nothing_usable_about_vaults_is_refused_without_showing_it(vault, tmp_path, text, code):
    (tmp_path / "gateway.yaml").write_text(text)
    ran = vault("list")
    assert (ran.code, CANARY in ran.out + ran.err) == (code, False)


def test_mistakes_elsewhere_in_the_file_do_not_matter(vault, tmp_path):
    text = FILE.replace('auth: {token: "env:T"}', "auht: {}").replace("credentials:", "credentials:\n  odd: {vlt: 1}")
    (tmp_path / "gateway.yaml").write_text(text)
    assert vault("put", "reports", "--secret-stdin", stdin="s").code == 0
    for alias in ("far", "odd"):
        ran = vault("put", alias, "--secret-stdin", stdin="s")
        assert (ran.code, "has mistakes" in ran.err) == (1, True)


def test_a_missing_file_or_vault_cannot_be_found_out(vault):
    assert vault("list", "--config", "nowhere.yaml").code == 3
    assert vault("list").code == 3


def test_a_vault_that_others_can_read_is_not_used(filled, tmp_path):
    (tmp_path / "var" / "vault.db").chmod(0o644)
    for arguments in (["list"], ["get", "reports"], ["rekey"], ["disable", "reports", "--version", "1"]):
        ran = filled(*arguments)
        assert (ran.code, "chmod 600" in ran.err) == (3, True)
    assert filled("put", "reports", "--secret-stdin", stdin="s").code == 3


def test_errors_are_documents_too(filled):
    ran = filled("get", "legacy", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "vault.not-found")


COMMANDS = [
    ["put", "reports", "--id", "svc", "--secret-stdin"],
    ["rotate", "reports", "--secret-stdin"],
    ["get", "reports"],
    ["list"],
    ["disable", "reports", "--version", "1"],
    ["enable", "reports", "--version", "1"],
    ["rekey"],
    ["destroy", "reports", "--version", "1", "--yes"],
    ["get", "reports", "--version", "1"],
    ["rotate", "nowhere", "--secret-stdin"],
    ["put", "far", "--secret-stdin"],
]


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_no_command_tells_a_secret(filled, tmp_path, extra):
    key = (tmp_path / "key").read_text().strip()
    told = ""
    for command in COMMANDS:
        ran = filled(*command, *extra, stdin=CANARY)
        told += ran.out + ran.err
        assert ran.code in (0, 1, 2)
    assert "reports" in told
    assert CANARY not in told
    assert key not in told


def test_a_credential_of_each_caller_is_stored_under_the_path_of_one(vault: Run) -> None:
    refused = vault("put", "each", "--secret-stdin", stdin=CANARY)
    assert refused.code == 2
    assert "ostiary vault put tenants/NAME/crm" in refused.err
    assert vault("put", "tenants/t-1/crm", "--vault", "local", "--secret-stdin", stdin=CANARY).code == 0
    assert "tenants/t-1/crm" in vault("list").out
