"""What of the clouds' answers is taken, and what is not?"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.vaults.cloud import Azure, Gcp
from tests.support.vaults.cyberark import answered
from tests.support.vaults.near import Age

from ostiary.config.vaults import AwsVaultSpec, AzureAuthSpec, CacheSpec, GcpVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault import compile_vault
from ostiary.vault.age import compile_age
from ostiary.vault.aws import AwsProvider, compile_aws
from ostiary.vault.azure import compile_azure
from ostiary.vault.errors import AccessDenied, Destroyed, Misconfigured, NotFound, SecretError, Throttled, Unavailable
from ostiary.vault.extra import extra
from ostiary.vault.gcp import compile_gcp
from ostiary.vault.gcp.answer import crc32c, record
from ostiary.vault.web import Answer

CANARY = "canary-c10d"


def test_an_extra_that_is_missing_is_named_with_its_command():
    with pytest.raises(ConfigError, match=r'pip install "ostiary\[aws\]"'):
        extra("aws", "no_such_library_at_all")


# --- AWS -----------------------------------------------------------------------------------------


class Client:
    """botocore's, as far as it is used."""

    class exceptions:  # noqa: N801 - botocore's name
        class ClientError(Exception):
            response: Any

    def __init__(self, said: Any) -> None:
        self.said, self.asked = said, {}

    def get_secret_value(self, **asked: str) -> Any:
        self.asked = asked
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def close(self) -> None:
        pass


def amazon(said: Any, **options: Any) -> tuple[AwsProvider, Client]:
    client = Client(said)
    return AwsProvider(AwsVaultSpec(type="aws", region="eu-central-1", **options), client), client


def says(code: str) -> Exception:
    error = Client.exceptions.ClientError(CANARY)
    error.response = {"Error": {"Code": code, "Message": CANARY}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return error


async def test_a_secret_is_text_or_octets_of_the_stage_that_is_wanted():
    one, client = amazon({"SecretString": '{"id": "a", "secret": "b"}', "VersionId": "v1"}, stage="AWSPREVIOUS")
    found = await one.fetch("crm", None)
    assert ({name: value.reveal() for name, value in found.fields.items()}, found.version) == (
        {"id": b"a", "secret": b"b"},
        "v1",
    )
    assert client.asked == {"SecretId": "crm", "VersionStage": "AWSPREVIOUS"}
    one, _ = amazon({"SecretBinary": b"\xff", "VersionId": "v1"}, format="value")
    assert (await one.fetch("crm", None)).fields["secret"].reveal() == b"\xff"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (says("ResourceNotFoundException"), NotFound),
        (says("InvalidRequestException"), Destroyed),
        (says("AccessDeniedException"), AccessDenied),
        (says("DecryptionFailure"), AccessDenied),
        (says("InvalidParameterException"), Misconfigured),
        (says("ThrottlingException"), Throttled),
        (says("ExpiredTokenException"), Unavailable),
        (says("InternalServiceError"), Unavailable),
        (RuntimeError(CANARY), Unavailable),
        ({}, Unavailable),
    ],
)
async def test_errors_of_amazon_are_told_apart_by_their_code(said: Any, error: type[SecretError]):
    with pytest.raises(SecretError) as caught:
        await amazon(said)[0].fetch("crm", None)
    assert type(caught.value) is error
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


async def test_versions_of_amazon_have_no_numbers():
    with pytest.raises(Misconfigured, match="stage"):
        await amazon({})[0].fetch("crm", 3)


def test_a_region_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="region"):
        AwsVaultSpec(type="aws", region="eu central")
    assert compile_aws(AwsVaultSpec(type="aws", region="eu-central-1"), tmp_path).origin.startswith("eu-central-1")


# --- Azure ---------------------------------------------------------------------------------------


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    one = Azure(tmp_path)
    yield one
    one.close()


async def test_an_end_that_is_known_bounds_a_secret(azure: Azure):
    azure.put("crm", "svc", "hush", exp=int(time.time()) + 100)
    one = compile_azure(azure.spec(CacheSpec()), azure.folder)
    found = await one.fetch("crm", None)
    assert found.not_after is not None
    assert 90 < found.not_after - found.fetched_at <= 101
    await one.aclose()


@pytest.mark.parametrize(("attribute", "error"), [("exp", Destroyed), ("nbf", AccessDenied)])
async def test_what_is_over_or_has_not_begun_is_not_used(azure: Azure, attribute: str, error: type[SecretError]):
    azure.put("crm", "svc", "hush", **{attribute: int(time.time()) + (-100 if attribute == "exp" else 100)})
    one = compile_azure(azure.spec(CacheSpec()), azure.folder)
    with pytest.raises(error):
        await one.fetch("crm", None)
    await one.aclose()


async def test_a_record_may_be_json_and_then_tags_are_no_fields(azure: Azure):
    azure.put("crm", "of the tag", '{"id": "a", "secret": "b"}')
    one = compile_azure(azure.spec(CacheSpec()).model_copy(update={"format": "json"}), azure.folder)
    assert (await one.fetch("crm", None)).fields["id"].reveal() == b"a"
    await one.aclose()


async def test_a_login_that_azure_refuses_is_a_no(azure: Azure):
    azure.put("crm", "svc", "hush")
    spec = azure.spec(CacheSpec())
    (azure.folder / "app").write_text("another")
    one = compile_azure(spec, azure.folder)
    with pytest.raises(AccessDenied, match="401"):
        await one.fetch("crm", None)
    await one.aclose()


@pytest.mark.parametrize("way", [{"environment": "default"}, {"managed": {}}, {"managed": {"client_id": "one"}}])
async def test_other_logins_are_microsoft_s_business(azure: Azure, way: dict[str, Any]):
    spec = azure.spec(CacheSpec()).model_copy(update={"auth": AzureAuthSpec(**way)})
    one = compile_azure(spec, azure.folder)
    assert one.origin == azure.front.address
    await one.aclose()


# --- Google --------------------------------------------------------------------------------------


def access(data: bytes, **more: Any) -> Answer:
    payload = {"data": base64.b64encode(data).decode(), **more}
    return Answer(200, json.dumps({"name": "projects/1/secrets/s/versions/7", "payload": payload}).encode())


def test_the_checksum_is_castagnoli():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


def test_a_secret_has_its_version_in_its_name_and_its_checksum_beside_it():
    found = record(access(b"hush", dataCrc32c=str(crc32c(b"hush"))), "value", 1.0)
    assert (found.version, found.fields["secret"].reveal()) == ("7", b"hush")
    assert record(access(b"hush"), "value", 1.0).version == "7"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (access(b"hush", dataCrc32c="1"), Unavailable),
        (access(b"hush", dataCrc32c="x"), Unavailable),
        (Answer(200, b'{"name": "x", "payload": {"data": "?"}}'), Unavailable),
        (Answer(200, b'{"name": "x"}'), Unavailable),
        (Answer(200, b"[]"), Unavailable),
        (Answer(404, b'{"error": {"status": "NOT_FOUND"}}'), NotFound),
        (Answer(403, b'{"error": {"status": "PERMISSION_DENIED"}}'), AccessDenied),
        (Answer(400, b'{"error": {"status": "FAILED_PRECONDITION"}}'), Destroyed),
        (Answer(400, b'{"error": {"status": "INVALID_ARGUMENT"}}'), Misconfigured),
        (Answer(429, b'{"error": {"status": "RESOURCE_EXHAUSTED"}}'), Throttled),
        (Answer(404, b'{"error": {"status": ["NOT_FOUND"]}}'), Unavailable),
        (Answer(404, b"<html>"), Unavailable),
    ],
)
def test_what_google_says_is_told_apart_by_its_status(answer: Answer, error: type[SecretError]):
    with pytest.raises(SecretError) as caught:
        record(answer, "value", 0.0)
    assert type(caught.value) is error


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Gcp]:
    one = Gcp(tmp_path)
    yield one
    one.close()


async def test_a_token_that_google_forgets_is_replaced_once(google: Gcp):
    google.put("crm", "svc", "hush")
    one = compile_gcp(google.spec(CacheSpec()), google.folder)
    await one.fetch("crm", None)
    refused: list[bool] = []

    def forgetful(asked: Any) -> Any:
        if asked.path != "/token" and not refused:
            refused.append(True)
            return answered(401, {"error": {"status": "UNAUTHENTICATED"}})
        return google.answer(asked)

    google.front.answer = forgetful
    await one.fetch("crm", None)
    assert [asked.path for asked in google.front.asked].count("/token") == 2
    await one.aclose()


async def test_who_asks_is_found_where_google_s_tools_find_it(google: Gcp, monkeypatch: pytest.MonkeyPatch):
    google.put("crm", "svc", "hush")
    spec = google.spec(CacheSpec()).model_copy(update={"credentials": None})
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google.folder / "account.json"))
    one = compile_gcp(spec, google.folder)
    assert (await one.fetch("crm", None)).fields["secret"].reveal() == b"hush"
    await one.aclose()


async def test_a_machine_that_google_does_not_know_is_a_no(google: Gcp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google.folder / "absent.json"))
    one = compile_gcp(google.spec(CacheSpec()).model_copy(update={"credentials": None}), google.folder)
    with pytest.raises(AccessDenied):
        await one.fetch("crm", None)
    await one.aclose()


async def test_a_token_that_google_refuses_is_a_no(google: Gcp):
    one = compile_gcp(google.spec(CacheSpec()), google.folder)
    google.front.answer = lambda _: answered(400, {"error": "invalid_grant"})
    with pytest.raises(AccessDenied):
        await one.fetch("crm", None)
    await one.aclose()


@pytest.mark.parametrize("text", ["", "no json", "{}", json.dumps({"private_key": CANARY})])
def test_a_key_that_is_none_is_refused_and_not_shown(text: str, tmp_path: Path):
    (tmp_path / "key.json").write_text(text)
    spec = GcpVaultSpec(type="gcp", project="p", credentials="file:key.json")
    with pytest.raises(ConfigError) as caught:
        compile_gcp(spec, tmp_path)
    assert CANARY not in str(caught.value)


# --- age -----------------------------------------------------------------------------------------


async def test_one_text_is_a_record_too_and_other_shapes_are_none(tmp_path: Path):
    age = Age(tmp_path)
    age._records = {"token": "hush", "list": ["a"], "0123": {"id": "007"}}
    age._write()
    one = compile_age(age.spec(CacheSpec()), tmp_path)
    assert (await one.fetch("token", None)).fields["secret"].reveal() == b"hush"
    assert (await one.fetch("0123", None)).fields["id"].reveal() == b"007"
    with pytest.raises(Misconfigured):
        await one.fetch("list", None)


async def test_a_file_for_somebody_else_is_a_no(tmp_path: Path):
    age, other = Age(tmp_path), Age(tmp_path)
    del age
    one = compile_age(other.spec(CacheSpec()), tmp_path)
    (tmp_path / "other").mkdir()
    stranger = Age(tmp_path / "other")
    stranger.put("crm", "a", "b")
    (tmp_path / "other" / "secrets.age").replace(tmp_path / "secrets.age")
    with pytest.raises(AccessDenied):
        await one.fetch("crm", None)


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1CANARYC10D", "one\ntwo"])
def test_an_identity_that_is_none_is_refused_and_not_shown(text: str, tmp_path: Path):
    spec = Age(tmp_path).spec(CacheSpec())
    (tmp_path / "identity").write_text(text)
    with pytest.raises(ConfigError) as caught:
        compile_vault("v", spec, tmp_path)
    assert "CANARY" not in str(caught.value)
