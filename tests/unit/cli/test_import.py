"""Does the gateway let in whom the Cosmian KMS let in?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.cli.import_.cosmian import Settings, from_toml
from ostiary.cli.run import run
from ostiary.config.load import examine

Captured = pytest.CaptureFixture[str]
GUID = "612da4de-35c0-42de-ba56-174b69062c96"
SEED = [
    "docker", "run", "-p", "9998:9998", "--name", "kms", "ghcr.io/cosmian/kms:4.20.1",
    "--https-p12-file", "kms.server.p12", "--https-p12-password", "hunter2",
    "--authority-cert-file", "verifier.cert.pem",
    "--jwt-issuer-uri=https://accounts.google.com",
    "--jwks-uri=https://www.googleapis.com/oauth2/v3/certs",
    "--jwt-audience=cosmian_kms",
    f"--jwt-issuer-uri=https://login.microsoftonline.com/{GUID}/discovery/v2.0/",
    f"--jwks-uri=https://login.microsoftonline.com/{GUID}/discovery/v2.0/keys",
    "--jwt-audience=client",
]  # fmt: skip
NEW = """
default_username = "root"
force_default_username = true
[http]
port = 9998
hostname = "0.0.0.0"
api_token_id = "token-1"
[tls]
tls_cert_file = "server.crt"
tls_key_file = "server.key"
clients_ca_cert_file = "ca.crt"
[idp_auth]
jwt_auth_provider = ["https://accounts.google.com,https://www.googleapis.com/oauth2/v3/certs,one, two",
  "https://bank.eu.auth0.com", "https://securetoken.google.com/bank-1,,"]
[db]
database_type = "sqlite"
"""
OLD = """
default_username = "[default username]"
force_default_username = false
[http]
https_p12_file = "a.p12"
https_p12_password = "hunter2"
[auth]
jwt_issuer_uri = ["https://one.example", "https://two.example"]
jwks_uri = ["https://one.example/keys"]
jwt_audience = ["", "second"]
"""


def imported(capsys: Captured, *arguments: str) -> tuple[dict[str, Any], list[str]]:
    assert run(["import", "cosmian", "--json", *arguments]) == 0
    out = capsys.readouterr().out
    assert "hunter2" not in out
    made = json.loads(out)
    return made["configuration"], made["notes"]


def authenticators(document: dict[str, Any]) -> Any:
    return document["routes"][0]["authenticate"]


def test_the_triples_of_a_command_line_belong_together_in_their_order(capsys: Captured) -> None:
    document, notes = imported(capsys, *SEED)
    assert document["issuers"] == {
        "google": {"preset": "google", "audiences": ["cosmian_kms"]},
        "entra": {"preset": "entra", "tenant": GUID, "audiences": ["client"]},
    }
    assert any("no token of Entra" in note for note in notes)


def test_where_certificates_are_asked_for_everybody_needs_one(capsys: Captured) -> None:
    document, _ = imported(capsys, *SEED)
    tls = document["listeners"]["kms"]["tls"]
    assert tls["client"] == {"mode": "required", "authorities": ["file:verifier.cert.pem"]}
    assert tls["password"] == "env:KMS_TLS_P12_PASSWORD"
    first, last = authenticators(document)["any"]
    assert first == {"jwt": {"issuers": ["google", "entra"]}}
    assert last == {"mtls": {"subject": "cn", "allow": ["**"]}}


def test_later_versions_take_whichever_is_there(capsys: Captured) -> None:
    document, _ = imported(capsys, "--semantics", "cascade", *SEED)
    assert document["listeners"]["kms"]["tls"]["client"]["mode"] == "optional"
    assert [next(iter(one)) for one in authenticators(document)["any"]] == ["mtls", "jwt"]


def test_new_toml_with_several_audiences_an_api_token_and_one_user(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "kms.toml").write_text(NEW)
    document, notes = imported(capsys, "--from-toml", str(tmp_path / "kms.toml"), "--user-claim", "email")
    assert document["issuers"] == {
        "google": {"preset": "google", "audiences": ["one", "two"], "claims": {"subject": "email"}},
        "bank.eu.auth0.com": {
            "preset": "cosmian",
            "issuer": "https://bank.eu.auth0.com/",
            "claims": {"subject": "email"},
        },
        "firebase": {"preset": "firebase", "project": "bank-1", "claims": {"subject": "email"}},
    }
    assert {"api_key": {"keys": ["api-token"], "subject": "root"}} in authenticators(document)["any"]
    assert document["routes"][0]["inject"] == [{"header": {"name": "X-User", "value": "root"}}]
    assert any("database_type" in note for note in notes)
    assert any("slash at the end" in note for note in notes)


def test_old_toml(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "kms.toml").write_text(OLD)
    document, notes = imported(capsys, "--from-toml", str(tmp_path / "kms.toml"))
    assert document["issuers"] == {
        "one.example": {"preset": "cosmian", "issuer": "https://one.example", "jwks_url": "https://one.example/keys"},
        "two.example": {"preset": "cosmian", "issuer": "https://two.example", "audiences": ["second"]},
    }
    assert sum("any other service" in note for note in notes) == 1


def test_variables(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "env").write_text(
        "# comment\nexport KMS_JWT_ISSUER_URI=[https://one.example,https://two.example]\nKMS_JWT_AUDIENCE='a,b'\n"
        "KMS_DEFAULT_USERNAME=operator\nKMS_FORCE_DEFAULT_USERNAME=true\nOTHER=x\n"
    )
    document, _ = imported(capsys, "--from-env", str(tmp_path / "env"))
    assert [block["audiences"] for block in document["issuers"].values()] == [["a"], ["b"]]
    assert document["routes"][0]["inject"][0]["header"]["value"] == "operator"


def test_a_server_that_asked_for_nothing_is_the_default_user(capsys: Captured) -> None:
    document, notes = imported(capsys, "--database-type", "sqlite")
    assert authenticators(document) == {"anonymous": {"subject": "admin"}}
    assert document["listeners"]["kms"]["bind"] == "127.0.0.1:9998"
    assert any("everybody is 'admin'" in note for note in notes)


def test_two_of_one_host_have_names_of_their_own(capsys: Captured) -> None:
    flags = [f"--jwt-auth-provider=https://id.example/realms/{realm},,a" for realm in "abc"]
    document, _ = imported(capsys, *flags)
    assert list(document["issuers"]) == ["id.example", "id.example-2", "id.example-3"]


@pytest.mark.parametrize("arguments", [SEED, ["--semantics", "cascade", *SEED], ["--default-username=x"]])
def test_what_is_written_is_a_configuration_that_only_lacks_files(
    arguments: list[str], capsys: Captured, tmp_path: Path
) -> None:
    assert run(["import", "cosmian", *arguments]) == 0
    written = capsys.readouterr()
    (tmp_path / "gateway.yaml").write_text(written.out)
    problems = examine(tmp_path / "gateway.yaml", environ={}).problems
    assert {problem.code for problem in problems} <= {"C501", "C507", "C412"}
    assert "note: " in written.err


def test_the_toml_file_with_everything_is_written_so_too(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "kms.toml").write_text(NEW)
    assert run(["import", "cosmian", "--from-toml", str(tmp_path / "kms.toml")]) == 0
    (tmp_path / "gateway.yaml").write_text(capsys.readouterr().out)
    problems = examine(tmp_path / "gateway.yaml", environ={}).problems
    assert {problem.code for problem in problems} <= {"C501", "C507", "C412", "C514"}


def test_nothing_to_read_and_what_is_no_toml_are_told(capsys: Captured, tmp_path: Path) -> None:
    assert run(["import", "cosmian"]) == 2
    (tmp_path / "kms.toml").write_text("= nonsense")
    assert run(["import", "cosmian", "--from-toml", str(tmp_path / "kms.toml")]) == 1
    assert "not TOML" in capsys.readouterr().err


def test_a_provider_may_be_repeated_and_counts_once() -> None:
    settings = Settings()
    from_toml('[idp_auth]\njwt_auth_provider = ["https://a,,b", "https://a,,b"]', settings)
    assert len(settings.providers()) == 1


@pytest.mark.parametrize(
    ("suites", "becomes", "told"),
    [
        ("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
         {"ciphers": ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"]}, ""),
        ("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", {"minimum_version": "1.3"}, ""),
        ("AES256-SHA:TLS_AES_256_GCM_SHA384", {"minimum_version": "1.3"}, "AES256-SHA"),
        ("AES256-SHA", {}, "AES256-SHA"),
    ],
)  # fmt: skip
def test_cipher_suites_are_taken_as_far_as_they_are_good(
    suites: str, becomes: dict[str, Any], told: str, capsys: Captured
) -> None:
    assert run(["import", "cosmian", "--tls-p12-file=a.p12", "--tls-cipher-suites", suites, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["configuration"]["listeners"]["kms"]["tls"] == {"pkcs12": "file:a.p12", **becomes}
    assert any(told in note for note in document["notes"])
