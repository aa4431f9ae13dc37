"""When does a key set in a file count, and when does its successor?"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.certificates import public_pem
from tests.support.tokens import Signer, issuer_spec, key_set

from ostiary.jwks import Issuer, compile_issuer
from ostiary.jwks import file as file_source
from ostiary.jwks.file import FileSource
from ostiary.jwks.source import MAX_DOCUMENT, FetchError

ONE, TWO = Signer("one"), Signer("two")


def of_file(folder: Path) -> Issuer:
    return compile_issuer("bank", issuer_spec(jwks_url=None, jwks_file="file:keys"), folder)


async def known(issuer: Issuer, kid: str) -> bool:
    for _ in range(200):
        if issuer._keys.find(kid, "ES256"):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_a_file_is_read_and_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_source, "WATCH", 0.05)
    path = tmp_path / "keys"
    path.write_bytes(key_set(ONE))
    issuer = of_file(tmp_path)
    issuer._patience = type(issuer._patience)(600, 86400, 0.05)
    await issuer.start()
    assert await known(issuer, "one")
    path.write_bytes(b"half a document")
    await asyncio.sleep(0.15)
    assert await known(issuer, "one")
    path.write_bytes(key_set(TWO))
    assert await known(issuer, "two")
    assert issuer._keys.find("one", "ES256") is None
    await issuer.aclose()


async def test_a_pem_file_is_a_key_set(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(public_pem(ONE))
    issuer = of_file(tmp_path)
    await issuer.start()
    assert await known(issuer, "whatever")
    await issuer.aclose()


async def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(key_set(ONE))
    source = FileSource(path)
    first = await source.fetch()
    assert (await source.fetch(first.validator)).content is None
    os.utime(path, (1, 1))
    assert (await source.fetch(first.validator)).content == first.content


async def test_what_is_no_file_of_fair_size_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b" " * (MAX_DOCUMENT + 1))
    for name in ("nowhere", "pipe", "large", "."):
        with pytest.raises(FetchError):
            await FileSource(tmp_path / name).fetch()
