"""What can an operator do with keys, and what is told on the way?"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from joserfc.jwk import KeySet
from tests.support.commands import Run, runner
from tests.support.jks import jks
from tests.support.pki import root

from ostiary.model import Secret
from ostiary.pki.files import chain_pem, pkcs12_bytes
from ostiary.pki.keys import generate, private_pem

CANARY = "canary-77ad10"
FILE = """
vaults:
  local: {type: local, path: var/vault.db, master_key: "file:key"}
  corporate: {type: hashicorp, address: "https://vault.example:8200", auth: {token: "env:T"}}
credentials:
  reports: {vault: local}
keys:
  identity: {type: local, vault: local, publish_before: 10m, keep: 1h}
  pinned: {type: local, vault: local, path: shared, version: 1}
  rsa: {type: local, vault: local, algorithm: PS256}
  inbox: {type: local, vault: local, algorithm: RSA-OAEP-256}
  far: {type: local, vault: corporate}
  broken: {type: local, vault: local, publish_before: soon}
routes: this part does not work yet
"""


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ostiary keys` in a folder with a configuration file and a master key."""
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gateway.yaml").write_text(FILE)
    call = runner("keys", monkeypatch, capsys)
    assert call("key", "--out", "key", command="vault").code == 0
    return call


def roles(keys: Run, alias: str = "identity") -> dict[int, tuple[str, str]]:
    (ring,) = keys("list", alias, "--json").document
    return {one["version"]: (one["state"], one["role"]) for one in ring["versions"]}


def test_a_ring_for_encrypted_tokens_opens_and_wants_a_key_that_can(keys):
    assert "cannot be encrypted to this key with RSA-OAEP-256" in keys("generate", "inbox").err
    assert "is published now and opens tokens now" in keys("generate", "inbox", "--kind", "rsa-2048").out
    assert roles(keys, "inbox") == {1: ("enabled", "opens")}
    assert " RSA-OAEP-256 " in keys("list", "inbox").out


def test_a_new_key_signs_at_once(keys):
    ran = keys("generate", "identity", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["version"] == 1
    assert roles(keys) == {1: ("enabled", "signs")}


@pytest.mark.parametrize(
    ("kind", "algorithm"), [("ec-p256", "ES256"), ("ec-p384", "ES384"), ("rsa-2048", "RS256"), ("ed25519", "EdDSA")]
)
def test_every_kind_can_be_made(keys, kind, algorithm):
    assert keys("generate", "identity", "--kind", kind).code == 0
    assert keys("list", "identity", "--json").document[0]["versions"][0]["algorithm"] == algorithm


def test_a_key_that_is_there_is_rotated_and_not_made_again(keys):
    keys("generate", "identity")
    ran = keys("generate", "identity", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "keys.exists")
    assert "rotate" in ran.document["error"]["hint"]


def test_a_rotated_key_is_published_before_it_signs(keys):
    keys("generate", "identity", "--kind", "ec-p384")
    ran = keys("rotate", "identity", "--json")
    assert ran.document["not_before"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 500))
    assert roles(keys) == {1: ("enabled", "signs"), 2: ("enabled", "published")}
    versions = keys("list", "identity", "--json").document[0]["versions"]
    assert {one["algorithm"] for one in versions} == {"ES384"}


def test_a_key_that_leaked_is_replaced_at_once(keys):
    keys("generate", "identity")
    keys("rotate", "identity", "--now")
    assert roles(keys) == {1: ("enabled", "published"), 2: ("enabled", "signs")}
    assert keys("disable", "identity", "--version", "1").code == 0
    assert roles(keys) == {1: ("disabled", "none"), 2: ("enabled", "signs")}


def test_what_is_not_there_is_not_rotated(keys):
    keys("generate", "rsa", "--kind", "rsa-2048")
    ran = keys("rotate", "identity", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "keys.not-found")


def test_a_disabled_version_comes_back_and_a_destroyed_one_does_not(keys):
    keys("generate", "identity")
    assert "nothing signs" in keys("disable", "identity", "--version", "1").err
    assert keys("enable", "identity", "--version", "1").code == 0
    assert roles(keys) == {1: ("enabled", "signs")}
    keys("rotate", "identity", "--now")
    assert keys("destroy", "identity", "--version", "1", "--yes").code == 0
    assert keys("enable", "identity", "--version", "1", "--json").document["error"]["code"] == "keys.destroyed"
    assert roles(keys) == {2: ("enabled", "signs")}


def test_nothing_is_destroyed_without_being_asked(keys):
    keys("generate", "identity")
    ran = keys("destroy", "identity", "--all", stdin="n\n")
    assert ran.code == 1
    assert roles(keys) == {1: ("enabled", "signs")}
    assert keys("destroy", "identity", "--all", stdin="y\n").code == 0
    assert keys("list", "identity", "--json").document[0]["problem"].endswith("was destroyed")


def test_it_has_to_be_said_what_is_destroyed(keys):
    assert keys("destroy", "identity").code == 2
    assert keys("destroy", "identity", "--all", "--version", "1").code == 2


def test_the_key_set_is_what_another_library_reads_and_has_nothing_private_in_it(keys):
    keys("generate", "identity")
    keys("rotate", "identity")
    document = keys("jwks", "identity").document
    assert len(KeySet.import_key_set(document).keys) == 2
    assert not {"d", "p", "q", "k"} & {name for key in document["keys"] for name in key}


def test_an_algorithm_of_the_configuration_is_kept(keys):
    ran = keys("generate", "rsa", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "keys.refused")
    assert keys("generate", "rsa", "--kind", "rsa-2048").code == 0
    assert keys("list", "rsa", "--json").document[0]["versions"][0]["algorithm"] == "PS256"


def test_a_pinned_version_signs_whatever_is_newer(keys):
    keys("generate", "pinned")
    keys("rotate", "pinned", "--now")
    assert roles(keys, "pinned") == {1: ("enabled", "signs"), 2: ("enabled", "published")}


def test_a_key_may_end(keys):
    keys("generate", "identity", "--days", "30")
    assert keys("list", "identity", "--json").document[0]["versions"][0]["not_after"] is not None


@pytest.mark.parametrize("kind", ["pem", "pkcs12", "jks"])
def test_a_key_is_brought_along_with_its_certificate(keys, tmp_path, kind):
    identity = root().issue_client(cn="gateway")
    data = {
        "pem": private_pem(identity.key, Secret(CANARY)),
        "pkcs12": pkcs12_bytes(identity, Secret(CANARY)),
        "jks": jks(identity, CANARY),
    }[kind]
    (tmp_path / "brought").write_bytes(data)
    (tmp_path / "chain.pem").write_bytes(chain_pem(identity))
    chain = ("--certificate", "chain.pem") if kind == "pem" else ()
    ran = keys("import", "identity", "brought", "--password-stdin", *chain, stdin=f"{CANARY}\n")
    assert ran.code == 0, ran.err
    assert keys("list", "identity", "--json").document[0]["versions"][0]["certificate"] == "CN=gateway"


def test_a_wrong_password_is_refused_and_not_told(keys, tmp_path):
    (tmp_path / "key.pem").write_bytes(private_pem(generate(), Secret("right")))
    (tmp_path / "password").write_text(CANARY)
    ran = keys("import", "identity", "key.pem", "--password-file", "password", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (1, "keys.refused")
    assert CANARY not in ran.out + ran.err


def test_a_certificate_of_another_key_is_refused(keys, tmp_path):
    (tmp_path / "key.pem").write_bytes(private_pem(generate()))
    (tmp_path / "chain.pem").write_bytes(chain_pem(root().issue_client(cn="gateway")))
    ran = keys("import", "identity", "key.pem", "--certificate", "chain.pem", "--json")
    assert ran.document["error"]["message"] == "key and certificate are not a pair"


def test_an_imported_key_next_to_another_waits_for_its_turn(keys, tmp_path):
    keys("generate", "identity")
    (tmp_path / "key.pem").write_bytes(private_pem(generate()))
    assert keys("import", "identity", "key.pem").code == 0
    assert roles(keys) == {1: ("enabled", "signs"), 2: ("enabled", "published")}


def test_keys_of_another_kind_of_vault_and_broken_ones_are_refused(keys):
    assert keys("list", "far", "--json").document["error"]["code"] == "vault.not-local"
    assert keys("list", "broken", "--json").document["error"]["code"] == "config.invalid"


def test_a_name_that_is_new_to_the_file_is_pointed_out(keys):
    ran = keys("generate", "identiy")
    assert ran.code == 0
    assert "did you mean 'identity'?" in ran.err


@pytest.mark.parametrize("vault", ["other", "No such name/"])
def test_a_vault_that_is_not_in_the_file_is_said_whatever_it_is_called(keys, vault):
    ended = keys("generate", "new", "--vault", vault, "--json")
    assert (ended.code, ended.document["error"]["code"]) == (2, "vault.unknown")


def test_a_private_key_is_not_to_be_had_as_a_credential(keys):
    keys("generate", "reports")
    ran = keys("get", "keys/reports", "--reveal", "--json", command="vault")
    assert ran.code != 0
    assert "PRIVATE" not in ran.out


def test_people_are_told_in_words(keys):
    keys("generate", "identity")
    keys("rotate", "identity")
    out = keys("list").out
    assert "signs" in out
    assert "published" in out
    assert "PRIVATE" not in out


def test_all_of_it_is_taught(keys):
    ran = keys("--help")
    assert ran.code == 0
    assert "publish_before" in ran.out
