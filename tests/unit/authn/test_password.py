"""Whose are a name and a password?"""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode

import pytest
from tests.support.records import Record
from tests.support.tokens import Clock, request

from ostiary.authn import password
from ostiary.authn.password import PasswordAuthenticator, hash_of, is_right
from ostiary.errors import BadRequest, CredentialUnavailable, InvalidPassword, Overloaded
from ostiary.model import Headers, Principal
from ostiary.reasons import Reason

WORD = "correct horse: bätterie"


@pytest.fixture(autouse=True, scope="module")
def _quick() -> None:
    password._MEMORY, before = 64, password._MEMORY
    yield
    password._MEMORY = before


@pytest.fixture
def alice() -> Record:
    return Record("alice", "alice", hash_of(WORD.encode()))


def basic(name: str, word: str) -> bytes:
    return b"Basic " + b64encode(f"{name}:{word}".encode())


async def ask(authenticator: PasswordAuthenticator, name: str, word: str) -> Principal | None:
    return await authenticator.authenticate(request(basic(name, word)))


async def test_a_right_password_is_its_user(alice: Record) -> None:
    found = await ask(PasswordAuthenticator([alice], "bank"), "alice", WORD)
    assert found is not None
    assert (found.subject, found.issuer, found.method) == ("alice", "alice", "basic")


@pytest.mark.parametrize(
    ("name", "word"), [("alice", "wrong"), ("bob", WORD), ("Alice", WORD), ("", WORD), ("alice", "")]
)
async def test_anything_else_is_nobody(name: str, word: str, alice: Record) -> None:
    with pytest.raises(InvalidPassword) as caught:
        await ask(PasswordAuthenticator([alice], "bank"), name, word)
    assert caught.value.reason is Reason.PASSWORD_INVALID
    assert WORD not in str(caught.value)


@pytest.mark.parametrize("pair", [b"", b"!!!", b"YQ", b64encode(b"nocolon"), b64encode(b"\xff:x"), b"A" * 5000])
async def test_what_is_no_pair_is_refused_before_anything_is_computed(pair: bytes, alice: Record) -> None:
    with pytest.raises(InvalidPassword):
        await PasswordAuthenticator([alice], "bank").authenticate(request(b"Basic " + pair))


async def test_another_scheme_is_no_evidence_and_two_are_ambiguous(alice: Record) -> None:
    authenticator = PasswordAuthenticator([alice], "bank")
    assert await authenticator.authenticate(request()) is None
    assert await authenticator.authenticate(request(b"Bearer x")) is None
    twice = Headers.of([(b"Authorization", basic("alice", WORD)), (b"authorization", b"Bearer x")])
    with pytest.raises(BadRequest):
        await authenticator.authenticate(request(headers=twice))


async def test_what_was_right_is_computed_once_until_the_record_changes(
    alice: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = 0

    def counting(word: bytes, encoded: str) -> bool:
        nonlocal computed
        computed += 1
        return is_right(word, encoded)

    monkeypatch.setattr(password, "is_right", counting)
    clock = Clock()
    authenticator = PasswordAuthenticator([alice], "bank", clock)
    for _ in range(3):
        assert await ask(authenticator, "alice", WORD)
    assert computed == 1
    clock.now += 301
    assert await ask(authenticator, "alice", WORD)
    assert computed == 2
    alice.put("alice", hash_of(b"another"))
    with pytest.raises(InvalidPassword):
        await ask(authenticator, "alice", WORD)


@pytest.mark.attack(28)
async def test_an_unknown_user_costs_what_a_known_one_does(alice: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[tuple[str, ...]] = []

    def counted(word: bytes, encoded: str) -> bool:
        computed.append(tuple(encoded.split("$")[1:4]))  # the function, its version, and what it costs
        return is_right(word, encoded)

    monkeypatch.setattr(password, "is_right", counted)
    authenticator = PasswordAuthenticator([alice], "bank")
    for name in ("alice", "nobody", "nobody"):
        with pytest.raises(InvalidPassword):
            await ask(authenticator, name, "wrong")
    assert computed == [computed[0]] * 3


async def test_a_flood_of_passwords_is_turned_away_and_others_are_served(
    alice: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    async def slow(*_: object) -> bool:
        await gate.wait()
        return False

    authenticator = PasswordAuthenticator([alice], "bank")
    monkeypatch.setattr(password.asyncio, "to_thread", slow)
    flood = [asyncio.create_task(ask(authenticator, "alice", f"guess {n}")) for n in range(200)]
    await asyncio.sleep(0.01)
    gate.set()
    ended = await asyncio.gather(*flood, return_exceptions=True)
    kinds = [type(one) for one in ended]
    assert kinds.count(InvalidPassword) == 64
    assert kinds.count(Overloaded) == 136


async def test_who_goes_away_leaves_his_turn_to_nobody_before_the_thread_has_ended(
    alice: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[int] = []
    most: list[int] = []
    leave = threading.Event()

    def computing(word: bytes, encoded: str) -> bool:
        del word, encoded
        running.append(1)
        most.append(len(running))
        leave.wait(5)
        running.pop()
        return False

    monkeypatch.setattr(password, "is_right", computing)
    authenticator = PasswordAuthenticator([alice], "r")
    for number in range(12):
        asked = asyncio.create_task(ask(authenticator, "alice", f"guess {number}"))
        await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    leave.set()
    assert max(most) == 2
    monkeypatch.undo()
    assert await ask(authenticator, "alice", WORD)


@pytest.mark.parametrize("kept", [WORD, "$2b$12$x", "", "$argon2id$broken"])
async def test_a_record_without_a_hash_lets_nobody_in(kept: str) -> None:
    with pytest.raises((CredentialUnavailable, InvalidPassword)):
        await ask(PasswordAuthenticator([Record("alice", "alice", kept)], "bank"), "alice", kept or "x")


async def test_a_vault_that_is_away_is_not_a_wrong_password(alice: Record) -> None:
    alice.available = False
    with pytest.raises(CredentialUnavailable):
        await ask(PasswordAuthenticator([alice], "bank"), "alice", WORD)


def test_the_challenge_names_the_realm_whatever_is_in_it() -> None:
    authenticator = PasswordAuthenticator([], 'a "b" \\')
    assert authenticator.challenge == 'Basic realm="a \\"b\\" \\\\", charset="UTF-8"'
