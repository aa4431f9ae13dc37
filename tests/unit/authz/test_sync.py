"""Does the identity service learn which permissions there are, whatever state it is in?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.mosaic import CLIENT, SECRET, TOKEN, Mosaic, mosaic
from tests.support.records import Record

from ostiary.authz.sync import PermissionSync, SyncError, Told
from ostiary.config.presets import Unfit, resolve
from ostiary.config.schema import IssuerSpec
from ostiary.config.sync import SyncSpec
from ostiary.errors import ConfigError


@pytest.fixture
async def service() -> AsyncIterator[Mosaic]:
    async with mosaic() as running:
        yield running


def teller(service: Mosaic, record: Record | None = None, **block: Any) -> PermissionSync:
    spec = SyncSpec.model_validate(
        {"service": "films", "credential": "account", "permissions": {"read": "Read", "manage": "Manage"}, **block}
    )
    account = record or Record("account", CLIENT, SECRET)
    made = PermissionSync("x", spec, service.url, account, tls=ssl.create_default_context(), chance=lambda: 0.0)
    made._first = 0.01
    return made


async def test_it_is_told_and_told_again_nothing_changes(service: Mosaic) -> None:
    for told in (Told(2, 0), Told(0, 0)):
        one = teller(service, required=True)
        await one.start()
        assert one.told == told
        await one.aclose()
    assert service.permissions == {"films": {"read": "Read", "manage": "Manage"}}
    assert service.asked == ["metadata", "token", "permissions"] * 2
    fewer = teller(service, permissions={"read": "Read"})
    assert await fewer.tell() == Told(0, 1)
    await fewer.aclose()


async def test_a_start_does_not_wait_for_it_and_it_is_tried_until_it_is_told(service: Mosaic) -> None:
    service.down = 3
    one = teller(service)
    await one.start()
    assert one.told is None
    for _ in range(200):
        await asyncio.sleep(0.01)
        if one.told:
            break
    assert one.told == Told(2, 0)
    await one.aclose()


async def test_a_start_that_needs_it_fails_without_it_after_a_few_attempts(service: Mosaic) -> None:
    service.down = 99
    one = teller(service, required=True)
    with pytest.raises(ConfigError, match="could not be told"):
        await one.start()
    assert service.down == 99 - 5
    await one.aclose()


async def test_a_wrong_account_is_said_without_its_secret(service: Mosaic) -> None:
    one = teller(service, Record("account", CLIENT, "wrong-c4n4ry"), required=True)
    with capture_logs() as logs, pytest.raises(ConfigError) as caught:
        await one.start()
    said = f"{logs} {caught.value} {caught.value.__cause__!r}"
    assert "SERVICE_ACCOUNT_UNKNOWN" in said
    assert "c4n4ry" not in said
    await one.aclose()


async def test_no_secret_is_logged_when_all_is_well(service: Mosaic) -> None:
    one = teller(service, required=True)
    with capture_logs() as logs:
        await one.start()
    assert logs[-1]["event"] == "permissions told"
    assert SECRET not in repr(logs)
    assert TOKEN not in repr(logs)
    await one.aclose()


@pytest.mark.parametrize("place", ["http://id.example.com/graphql", "file:///etc/passwd", "", 5, "https://u:p@x/"])
async def test_a_place_we_would_not_go_to_is_refused_before_the_account_is_shown(place: Any, service: Mosaic) -> None:
    service.elsewhere = place
    one = teller(service)
    with pytest.raises(SyncError):
        await one.tell()
    assert service.asked == ["metadata"]
    await one.aclose()


async def test_a_vault_that_is_away_is_an_attempt_that_failed(service: Mosaic) -> None:
    record = Record("account", CLIENT, SECRET)
    record.available = False
    one = teller(service, record)
    await one.start()
    await asyncio.sleep(0.03)
    record.available = True
    for _ in range(200):
        await asyncio.sleep(0.01)
        if one.told:
            break
    assert one.told
    await one.aclose()


def test_only_one_preset_has_somebody_to_tell() -> None:
    sync = {"service": "films", "credential": "account", "permissions": {"read": "Read"}}
    block = {"preset": "axinom", "auth_endpoint": "https://x", "tenant": "t", "environment": "e", "sync": sync}
    assert resolve(IssuerSpec.model_validate(block)).sync is None  # it is no matter of tokens
    with pytest.raises(Unfit):
        resolve(IssuerSpec.model_validate({"preset": "google", "audiences": ["a"], "sync": sync}))
