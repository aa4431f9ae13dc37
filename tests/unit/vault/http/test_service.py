"""Does a service of somebody's own get the question that the file describes, and is its word obeyed?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.vaults.front import Answered, Asked, Front

from ostiary.config.vaults import CacheSpec, CredentialSpec, FilesVaultSpec, HttpVaultSpec, ResultSpec
from ostiary.errors import CredentialUnavailable
from ostiary.reasons import Reason
from ostiary.vault import Vault, compile_vaults
from ostiary.vault.http import compile_http

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def service() -> Iterator[Front]:
    def answer(asked: Asked) -> Answered:
        return Answered(200, json.dumps({"user": "svc", "pass": "hush", "ttl": 1}).encode(), JSON)

    front = Front(answer)
    yield front
    front.close()


def spec(service: Front, **options: Any) -> HttpVaultSpec:
    ends = options.pop("expires_in", None)
    return HttpVaultSpec(
        type="http",
        url=f"{service.address}/v1/{{path}}",
        result=ResultSpec(id="$.user", secret="$.pass", expires_in=ends),
        cache=CacheSpec(ttl=60.0, max_stale=3600.0),
        **options,
    )


async def opened(service: Front, folder: Path, **options: Any) -> tuple[dict[str, Vault], Any]:
    (folder / "key").write_text('k"1\n')
    (folder / "key").chmod(0o600)
    vaults, sources = compile_vaults(
        {"ext": spec(service, **options), "keys": FilesVaultSpec(type="files", path=".")},
        {"crm": CredentialSpec(vault="ext", path="a b/crm", version=3), "key": CredentialSpec(vault="keys")},
        folder,
    )
    for vault in vaults.values():
        await vault.start()
    return vaults, sources["crm"]


async def refused(source: Any) -> CredentialUnavailable:
    """Return how a credential is refused, as soon as it is."""
    async with asyncio.timeout(10):
        while True:
            try:
                await source.get()
            except CredentialUnavailable as error:
                return error
            await asyncio.sleep(0.02)


async def test_a_question_is_posted_with_what_another_vault_keeps(service: Front, tmp_path: Path):
    vaults, crm = await opened(
        service,
        tmp_path,
        method="POST",
        headers={"Authorization": "Bearer {key.secret}", "X-Version": "{version}"},
        body={"name": "{path}", "key": "{key.secret}"},
    )
    assert list(vaults) == ["keys", "ext"]
    assert (await crm.get()).id == "svc"
    (asked,) = service.asked
    assert (asked.method, asked.target) == ("POST", "/v1/a%20b/crm")
    assert (asked.headers["authorization"], asked.headers["x-version"]) == ('Bearer k"1', "3")
    assert json.loads(asked.body) == {"name": "a b/crm", "key": 'k"1'}
    assert asked.headers["content-type"] == "application/json"
    for vault in vaults.values():
        await vault.aclose()


async def test_without_what_it_is_to_be_shown_nothing_is_asked(service: Front, tmp_path: Path):
    vaults, _ = await opened(service, tmp_path, headers={"X-Key": "{key.secret}", "X-Version": "{version}"})
    (tmp_path / "key").unlink()
    await refused(vaults["keys"].sources[0])
    before = len(service.asked)
    provider = compile_http(spec(service, headers={"X-Key": "{key.secret}"}), tmp_path)
    provider.connect({"key": vaults["keys"].sources[0]})
    with pytest.raises(Exception, match="is to be shown cannot be had") as caught:
        await provider.fetch("crm", None)
    assert type(caught.value).__name__ == "Unavailable"
    assert len(service.asked) == before
    await provider.aclose()
    for vault in vaults.values():
        await vault.aclose()


async def test_an_end_that_the_service_names_is_the_end_even_while_it_is_down(service: Front, tmp_path: Path):
    vaults, crm = await opened(service, tmp_path, expires_in="$.ttl", headers={"X-Version": "{version}"})
    assert (await crm.get()).secret.reveal() == b"hush"
    service.fault = "down"
    assert (await refused(crm)).reason is Reason.CREDENTIAL_UNAVAILABLE
    for vault in vaults.values():
        await vault.aclose()


async def test_redirects_are_not_followed(service: Front, tmp_path: Path):
    service.answer = lambda _: Answered(302, b"", {"Location": f"{service.address}/elsewhere"})
    provider = compile_http(spec(service), tmp_path)
    with pytest.raises(Exception, match="302"):
        await provider.fetch("crm", None)
    assert [asked.path for asked in service.asked] == ["/v1/crm"]
    await provider.aclose()


async def test_compressed_answers_are_refused(service: Front, tmp_path: Path):
    service.answer = lambda _: Answered(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    provider = compile_http(spec(service), tmp_path)
    with pytest.raises(Exception, match="compressed"):
        await provider.fetch("crm", None)
    await provider.aclose()
