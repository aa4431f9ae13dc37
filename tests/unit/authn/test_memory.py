"""What do the processes of a gateway remember together?"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.authn import memory as module
from ostiary.authn.memory import Life, Memory, shared_descriptor


@pytest.fixture
def descriptor() -> Iterator[int]:
    found = shared_descriptor()
    yield found
    os.close(found)


def test_what_was_used_is_known_until_it_may_be_forgotten() -> None:
    memory = Memory()
    assert memory.use(b"a", now=100.0, until=160.0) == "fresh"
    assert memory.use(b"a", now=159.9, until=219.0) == "seen"
    assert memory.use(b"b", now=159.9, until=219.0) == "fresh"
    assert memory.use(b"a", now=160.0, until=220.0) == "fresh"


def test_a_rehearsal_only_looks() -> None:
    memory = Memory()
    assert memory.use(b"a", now=1.0, until=9.0, rehearsal=True) == "fresh"
    assert memory.use(b"a", now=1.0, until=9.0) == "fresh"
    assert memory.use(b"a", now=1.0, until=9.0, rehearsal=True) == "seen"


def test_whoever_has_the_same_memory_knows_it_and_its_secret(descriptor: int) -> None:
    one, other = Memory(descriptor), Memory(descriptor)
    assert one.secret == other.secret != Memory().secret
    assert one.use(b"a", now=1.0, until=9.0) == "fresh"
    assert other.use(b"a", now=1.0, until=9.0) == "seen"
    one.note("thumb", Life(b"i" * 16, 7.0), now=1.0)
    assert other.life("thumb") == Life(b"i" * 16, 7.0)


def test_nothing_that_still_counts_is_forgotten_and_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MARKS", 64)
    monkeypatch.setattr(module, "_FAR", 8)
    memory = Memory()
    said = {number: memory.use(b"%d" % number, now=1.0, until=9.0) for number in range(200)}
    assert set(said.values()) == {"fresh", "full"}
    for number, use in said.items():
        assert memory.use(b"%d" % number, now=8.0, until=17.0, rehearsal=True) == {"fresh": "seen", "full": "full"}[use]
    later = [memory.use(b"%d" % number, now=9.0, until=17.0) for number in range(200, 240)]
    assert later.count("fresh") > 20, "what has ended makes room"


def test_places_of_what_has_ended_hide_nothing_that_stands_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MARKS", 8)
    monkeypatch.setattr(module, "_FAR", 8)
    memory = Memory()
    for number in range(8):
        assert memory.use(b"%d" % number, now=1.0, until=2.0 if number % 2 else 100.0) == "fresh"
    for number in range(0, 8, 2):
        assert memory.use(b"%d" % number, now=50.0, until=60.0) == "seen"


def test_of_certificates_the_one_that_was_noted_first_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CERTIFICATES", 4)
    monkeypatch.setattr(module, "_FAR", 4)
    memory = Memory()
    for number in range(6):
        memory.note(f"t{number}", Life(bytes([9 - number]) * 16, 9.0 - number), now=number + 1.0)
    assert [memory.life(f"t{number}") is not None for number in range(6)] == [False, False, True, True, True, True]
    memory.note("t3", Life(b"x" * 16, 1.0), now=9.0)
    assert memory.life("t3") == Life(b"x" * 16, 1.0)


def test_a_certificate_that_is_noted_again_keeps_its_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CERTIFICATES", 4)
    monkeypatch.setattr(module, "_FAR", 4)
    memory = Memory()
    for number in range(4):
        memory.note(f"t{number}", Life(b"i" * 16, 1.0), now=number + 1.0)
    for _ in range(3):
        memory.note("t3", Life(b"x" * 16, 2.0), now=9.0)
    assert [memory.life(f"t{number}") is not None for number in range(4)] == [True] * 4
    assert memory.life("t3") == Life(b"x" * 16, 2.0)


@given(st.binary(min_size=16, max_size=16))
@example(b"\0" * 16)
@example(b"\xff" * 16)
@example(((1 << 19) - 1).to_bytes(8, "little") + b"\0" * 8)
def test_no_entry_stands_in_another_table_or_in_another_entry(hashed: bytes) -> None:
    memory, between = MEMORY, module._HEAD + module._MARKS * module._MARK.size
    marks = list(memory._places(hashed, module._HEAD, module._MARKS, module._MARK.size))
    certificates = [place for place, *_ in memory._certificates(hashed)]
    assert len(set(marks)) == len(set(certificates)) == module._FAR
    assert all(module._HEAD <= place <= between - module._MARK.size for place in marks)
    assert all(between <= place <= module.SIZE - module._CERTIFICATE.size for place in certificates)
    assert {(place - module._HEAD) % module._MARK.size for place in marks} == {0}
    assert {(place - between) % module._CERTIFICATE.size for place in certificates} == {0}


def test_a_secret_that_is_there_stays_whatever_octets_it_has(descriptor: int) -> None:
    secret = b"\0" + b"x" * 31
    os.pwrite(descriptor, secret, 0)
    assert Memory(descriptor).secret == Memory(descriptor).secret == secret


def test_whoever_looks_or_writes_holds_the_lock_of_the_table_and_lets_go_of_it(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, held, told = Memory(descriptor), set(), []

    def lockf(file: int, how: int, length: int, start: int) -> None:
        assert (file, length) == (descriptor, 1)
        if how == fcntl.LOCK_EX:
            held.add(start)
            told.append(start)
        else:
            held.discard(start)

    monkeypatch.setattr(module.fcntl, "lockf", lockf)
    memory.use(b"a", now=1.0, until=9.0)
    memory.note("t", Life(b"i" * 16, 1.0), now=1.0)
    memory.life("t")
    assert len(told) == 3
    assert told[1] == told[2] != told[0]
    memory._room.close()
    with pytest.raises(ValueError, match="closed"):
        memory.use(b"b", now=1.0, until=9.0)
    assert not held, "also when something fails"


MEMORY = Memory()
PROGRAM = """
import sys
from ostiary.authn.memory import Memory
memory = Memory(int(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(*(memory.use(b"%d" % number, now=1.0, until=9.0) for number in range(3000)))
"""


def test_of_processes_that_use_the_same_at_once_each_thing_is_fresh_for_one_alone(descriptor: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(descriptor)]
    processes = [
        subprocess.Popen(command, pass_fds=(descriptor,), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:  # communicate() would let each begin when the one before has ended
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].decode().split() for process in processes]
    assert [len(uses) for uses in said] == [3000] * 3
    for uses in zip(*said, strict=True):
        assert sorted(uses) == ["fresh", "seen", "seen"]


def test_where_the_system_has_no_such_memory_a_file_without_a_name_will_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    found = shared_descriptor()
    assert Memory(found).use(b"a", now=1.0, until=9.0) == "fresh"
    assert Memory(found).use(b"a", now=1.0, until=9.0) == "seen"
    os.close(found)
