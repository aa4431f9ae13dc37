"""Whose evidence is revoked, and when can nobody know?"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from tests.support.tokens import Clock, certificate

from ostiary.errors import GatewayError, SharedUnavailable
from ostiary.model import Certificate, Principal, Secret
from ostiary.shared.entry import Entry, Kind, read_entry, serial_name, subject_name, token_name
from ostiary.shared.marks import Digests
from ostiary.shared.revocations import Revocations

NOW = 1_800_000_000.0
ALICE = Principal("alice", "bank", "jwt", claims={"iss": "https://id", "jti": "j1", "iat": NOW - 10})


class Redis:
    """What Redis does with hashes and a number."""

    def __init__(self) -> None:
        self.hashes: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.number = 0
        self.since = 1.0
        self.away = False
        self.asked: list[str] = []

    def lose(self) -> None:
        self.hashes.clear()
        self.number, self.since = 0, self.since + 1

    async def ask(self, *command: Any) -> Any:
        self.asked.append(command[0])
        if self.away:
            raise SharedUnavailable("away")
        match command:
            case ("GET", _):
                return str(self.number).encode() if self.number else None
            case ("HGETALL", name):
                return [one for pair in self.hashes[name].items() for one in (pair[0].encode(), pair[1])]
            case ("HSET", name, key, value):
                self.hashes[name][key] = value.encode()
            case ("HDEL", name, *keys):
                return sum(self.hashes[name].pop(key, None) is not None for key in keys)
            case ("INCR", _):
                self.number += 1
            case ("INCRBY", _, more):
                self.number += more
        return self.number


class Stage:
    def __init__(self) -> None:
        self.redis = Redis()
        self.digests = Digests("ostiary")
        self.digests.learn(Secret(b"k" * 16))
        self.clock, self.steady = Clock(NOW), Clock(0.0)
        self.copy = self.another()

    def another(self) -> Revocations:
        redis: Any = self.redis
        return Revocations(redis, self.digests, "ostiary", 60.0, 1.0, clock=self.clock, steady=self.steady)

    def entry(self, kind: Kind, name: bytes, **changes: Any) -> Entry:
        return Entry(
            **{"kind": kind, "mark": self.digests.digest(kind, name), "made": NOW, "until": NOW + 100, **changes}
        )

    async def revoke(self, kind: Kind, name: bytes, **changes: Any) -> Entry:
        entry = self.entry(kind, name, **changes)
        await self.copy.shelf.put(entry)
        await self.copy.shelf.advance()
        await self.copy._look()
        return entry

    def verdict(self, who: Principal = ALICE, shown: Certificate | None = None, copy: Revocations | None = None) -> str:
        try:
            (self.copy if copy is None else copy).check(who, shown)
        except GatewayError as error:
            return f"{error.status} {error.reason}"
        return "counts"


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_before_the_first_look_nobody_knows(stage: Stage) -> None:
    assert stage.verdict() == "503 revocation.unknown"
    await stage.copy._look()
    assert stage.verdict() == "counts"


async def test_a_token_is_known_by_issuer_and_id(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    assert stage.verdict() == "401 token.revoked"
    for claims in ({"iss": "https://other", "jti": "j1"}, {"iss": "https://id", "jti": "j2"}, {"iss": "https://id"}):
        assert stage.verdict(replace(ALICE, claims=claims)) == "counts"


async def test_of_a_subject_only_what_is_older_is_revoked(stage: Stage) -> None:
    await stage.revoke("subject", subject_name("https://id", "alice"), before=NOW)
    assert stage.verdict() == "401 subject.revoked"
    assert stage.verdict(replace(ALICE, claims={"iss": "https://id", "iat": NOW})) == "counts"
    assert stage.verdict(replace(ALICE, subject="bob")) == "counts"


@pytest.mark.parametrize("issued", [None, True, "now", float("nan")])
async def test_what_does_not_say_when_it_was_issued_is_old(stage: Stage, issued: Any) -> None:
    await stage.revoke("subject", subject_name("https://id", "alice"), before=NOW)
    assert stage.verdict(replace(ALICE, claims={"iss": "https://id", "iat": issued})) == "401 subject.revoked"


async def test_a_subject_without_a_token_goes_by_whoever_vouches_for_it(stage: Stage) -> None:
    await stage.revoke("subject", subject_name("CN=CA", "robot"), before=NOW)
    assert stage.verdict(Principal("robot", "CN=CA", "mtls")) == "401 subject.revoked"
    assert stage.verdict(Principal("robot", "CN=Other", "mtls")) == "counts"


async def test_a_certificate_is_known_by_itself_or_by_its_number(stage: Stage) -> None:
    one, other = replace(certificate(), thumbprint="one", serial=1), replace(certificate(), thumbprint="two", serial=2)
    await stage.revoke("certificate", b"one")
    assert stage.verdict(shown=one) == "401 certificate.revoked"
    assert stage.verdict(replace(ALICE, certificate=one)) == "401 certificate.revoked"
    assert stage.verdict(shown=other) == "counts"
    await stage.revoke("serial", serial_name(other.issuer, 2))
    assert stage.verdict(shown=other) == "401 certificate.revoked"


async def test_every_principal_of_an_all_is_asked_for(stage: Stage) -> None:
    await stage.revoke("subject", subject_name("CN=CA", "robot"))
    together = replace(ALICE, others={"mtls": Principal("robot", "CN=CA", "mtls")})
    assert stage.verdict(together) == "401 subject.revoked"


async def test_it_ends_and_can_be_taken_back(stage: Stage) -> None:
    entry = await stage.revoke("token", token_name("https://id", "j1"))
    stage.clock.now += 200
    assert stage.verdict() == "counts"
    stage.clock.now -= 200
    stage.copy._free.clear()
    assert stage.verdict() == "401 token.revoked"
    await stage.copy.shelf.take_back(entry, NOW + 1)
    await stage.copy.shelf.advance()
    await stage.copy._look()
    assert stage.verdict() == "counts"


async def test_whoever_was_free_is_not_once_he_is_revoked(stage: Stage) -> None:
    await stage.revoke("token", b"another")
    assert stage.verdict() == "counts"
    assert stage.verdict() == "counts"
    await stage.revoke("token", token_name("https://id", "j1"))
    assert stage.verdict() == "401 token.revoked"


async def test_requests_ask_redis_nothing(stage: Stage) -> None:
    await stage.revoke("token", b"another")
    stage.redis.asked.clear()
    stage.verdict()
    assert stage.redis.asked == []
    await stage.copy._look()
    assert stage.redis.asked == ["GET"]


async def test_the_last_copy_answers_for_a_while(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    stage.redis.away = True
    stage.steady.now = 59.0
    await stage.copy._look()
    assert stage.verdict() == "401 token.revoked"
    stage.steady.now = 61.0
    assert stage.verdict() == "503 revocation.unknown"
    stage.redis.away = False
    await stage.copy._look()
    assert stage.verdict(replace(ALICE, claims={})) == "counts"


async def test_a_list_that_was_lost_is_put_back_by_those_who_know_it(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    stage.redis.lose()
    await stage.copy._look()
    assert stage.verdict() == "401 token.revoked"
    fresh = stage.another()
    await fresh._look()
    assert stage.verdict(copy=fresh) == "401 token.revoked"


async def test_a_list_that_was_lost_and_begun_anew_becomes_both(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    stage.redis.lose()
    await stage.copy.shelf.put(stage.entry("subject", subject_name("https://id", "bob")))
    await stage.copy.shelf.advance()  # the same number as before
    await stage.copy._look()
    await stage.copy._look()
    assert stage.verdict() == "401 token.revoked"
    assert stage.verdict(replace(ALICE, subject="bob", claims={"iss": "https://id"})) == "401 subject.revoked"
    assert len(stage.redis.hashes["ostiary:revoked"]) == 2


async def test_a_reload_begins_with_the_copy_that_is_there(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    heir = stage.another()
    heir.inherit(stage.copy)
    stage.redis.away = True
    await heir._look()
    assert stage.verdict(copy=heir) == "401 token.revoked"


async def test_a_list_that_cannot_be_read_is_not_taken_up(stage: Stage) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    stage.redis.hashes["ostiary:revoked"]["x"] = b'{"kind": "token"}'
    stage.redis.number += 1
    stage.steady.now = 61.0
    await stage.copy._look()
    assert stage.verdict() == "503 revocation.unknown"


@pytest.mark.parametrize("text", [b"", b"soon", b"1", b"1 2 3", b"\xff 1"])
async def test_a_word_that_cannot_be_read_is_no_end_of_looking(stage: Stage, text: bytes) -> None:
    await stage.revoke("token", token_name("https://id", "j1"))
    stage.redis.lose()
    stage.redis.hashes["ostiary:revoked:undone"]["x"] = text
    stage.steady.now = 61.0
    await stage.copy._look()
    assert stage.verdict() == "503 revocation.unknown"
    stage.redis.hashes.clear()
    await stage.copy._look()
    assert stage.verdict() == "401 token.revoked"


async def test_a_number_that_is_none_is_no_end_of_looking(stage: Stage) -> None:
    stage.redis.number = "many"  # type: ignore[assignment]
    await stage.copy._look()
    assert stage.verdict() == "503 revocation.unknown"


@pytest.mark.parametrize("change", [{"kind": "all"}, {"until": "late"}, {"mark": 1}, {"more": 1}, {"made": True}])
def test_what_is_no_entry_is_not_read(stage: Stage, change: dict[str, Any]) -> None:
    import json  # noqa: PLC0415 - of this test only

    written = json.loads(stage.entry("token", b"x").written())
    assert read_entry(json.dumps(written).encode()) == stage.entry("token", b"x")
    with pytest.raises(ValueError, match="not an entry"):
        read_entry(json.dumps({**written, **change}).encode())


def test_nobody_s_name_is_on_the_list(stage: Stage) -> None:
    assert "alice" not in stage.entry("subject", subject_name("https://id", "alice")).written()


async def test_what_was_taken_back_is_not_put_back_by_a_gateway_that_was_away_meanwhile(stage: Stage) -> None:
    entry = await stage.revoke("token", token_name("https://id", "j1"))
    late = stage.another()
    await late._look()
    stage.redis.lose()
    await stage.copy._look()
    await stage.copy.shelf.take_back(entry, NOW + 1)
    await stage.copy.shelf.advance()
    stage.redis.since += 1  # late was cut off, and comes back now
    for copy in (late, stage.copy, late):
        await copy._look()
        await copy._look()
    assert (stage.verdict(copy=late), stage.verdict()) == ("counts", "counts")

    again = stage.entry("token", token_name("https://id", "j1"), made=NOW + 2)
    await stage.copy.shelf.put(again)
    await stage.copy.shelf.advance()
    await late._look()
    stage.redis.hashes["ostiary:revoked"].clear()
    stage.redis.since += 1
    await late._look()
    assert await stage.copy.shelf.entries() == [again], "which was revoked after that is put back"


async def test_clocks_of_operators_may_differ(stage: Stage) -> None:
    entry = await stage.revoke("token", token_name("https://id", "j1"))
    shelf = stage.copy.shelf
    await shelf.take_back(entry, NOW - 60)
    stage.redis.since += 1
    await stage.copy._look()
    assert await shelf.entries() == [], "it was taken back by somebody whose clock is behind"

    await shelf.revoke(again := stage.entry("token", token_name("https://id", "j1"), made=NOW - 30))
    await shelf.advance()
    await stage.copy._look()
    stage.redis.hashes["ostiary:revoked"].clear()
    stage.redis.since += 1
    await stage.copy._look()
    assert await shelf.entries() == [again], "and was revoked anew by one, too"


async def test_what_has_ended_is_forgotten_with_the_word_that_it_was_taken_back(stage: Stage) -> None:
    ended = await stage.revoke("token", b"ended")
    undone = await stage.revoke("token", b"undone")
    await stage.copy.shelf.take_back(undone, NOW + 1)
    lasting = await stage.revoke("token", b"lasting", until=NOW + 1000)
    await stage.copy.shelf.tidy(NOW + 50)
    assert {one.id for one in await stage.copy.shelf.entries()} == {ended.id, lasting.id}
    assert list(await stage.copy.shelf.undone()) == [undone.id]
    await stage.copy.shelf.tidy(NOW + 200)
    assert [one.id for one in await stage.copy.shelf.entries()] == [lasting.id]
    assert await stage.copy.shelf.undone() == {}


async def test_it_is_looked_as_soon_as_a_change_is_heard_and_otherwise_now_and_then(stage: Stage) -> None:
    redis: Any = stage.redis
    copy = Revocations(redis, stage.digests, "ostiary", 60.0, 30.0, clock=stage.clock, steady=stage.steady)
    await copy.start()
    await stage.copy.shelf.put(stage.entry("token", token_name("https://id", "j1")))
    await stage.copy.shelf.advance()
    await asyncio.sleep(0.1)
    assert stage.verdict(copy=copy) == "counts", "nobody has told it"
    copy.changed()
    for _ in range(200):
        if len(copy) == 1:
            break
        await asyncio.sleep(0.01)
    assert stage.verdict(copy=copy) == "401 token.revoked"
    stage.redis.asked.clear()
    for _ in range(20):
        copy.changed()
        await asyncio.sleep(0.002)
    assert len(stage.redis.asked) < 10, "however often it changes"
    await copy.aclose()
