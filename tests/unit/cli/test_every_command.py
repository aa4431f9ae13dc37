"""Do all commands keep what they are told to themselves, and print the documents that their schemas promise?"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from jsonschema import Draft202012Validator
from tests.support.day import DAY, Said, Work, furnish, live

from ostiary.cli.documents import DOCUMENTS, schema_of
from ostiary.cli.run import command, run
from ostiary.cli.table import installed

ELSEWHERE = {
    "serve": "it serves until it is stopped; tests/integration runs it, and looks for secrets in all that it writes",
    "demo": "it takes its time; tests/integration/test_demo.py runs it",
    "status": "it needs a gateway that runs; tests/integration/test_status_page.py has one, and looks for secrets",
    **{
        f"revoke {name}": "it needs Redis; tests/integration/test_revoke.py runs it, and looks for secrets"
        for name in ("token", "subject", "certificate", "list", "undo")
    },
}


def _below(name: str, one: Any) -> Iterator[tuple[str, list[str]]]:
    inner = getattr(one, "commands", {})
    for key, deeper in inner.items():
        yield from _below(f"{name} {key}", deeper)
    if not inner:
        yield name, [option for parameter in one.params for option in parameter.opts]


COMMANDS = {name: options for key, entry in installed().items() for name, options in _below(key, command(entry))}


def called(said: Said) -> str:
    """Which command it was."""
    two = " ".join(said.step.words[:2])
    return two if two in COMMANDS else said.step.words[0]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Work]:
    """A day of a person, and one of a program."""
    done = {}
    for as_json in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            work = furnish(tmp_path_factory.mktemp("day") / "work", patch)
            with _Captured(patch) as captured:
                live(work, captured, patch, as_json=as_json)
            done[as_json] = work
    return done


class _Captured:
    """Standard output and error, for a fixture that lives longer than a test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __enter__(self) -> Self:
        self._renew()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _renew(self) -> None:
        self._streams = io.StringIO(), io.StringIO()
        self._patch.setattr("sys.stdout", self._streams[0])
        self._patch.setattr("sys.stderr", self._streams[1])

    def readouterr(self) -> tuple[str, str]:
        out, err = (stream.getvalue() for stream in self._streams)
        self._renew()
        return out, err


@pytest.mark.parametrize("as_json", [False, True])
def test_every_command_ends_as_it_should(days: dict[bool, Work], as_json: bool) -> None:
    assert [(one.step.words, one.code, one.err) for one in days[as_json].said if one.code != one.step.code] == []


def test_no_command_is_left_out(days: dict[bool, Work]) -> None:
    assert {called(one) for one in days[False].said} - {"nonsense"} >= COMMANDS.keys() - ELSEWHERE.keys()
    assert ELSEWHERE.keys() <= COMMANDS.keys()


@pytest.mark.parametrize("as_json", [False, True])
def test_no_command_writes_a_secret(days: dict[bool, Work], as_json: bool) -> None:
    work = days[as_json]
    told = [
        (name, one.step.words)
        for one in work.said
        for name, secret in work.secrets.items()
        if secret in one.out + one.err
    ]
    assert told == []


def test_the_master_key_is_written_once_and_by_nobody_but_who_makes_it(days: dict[bool, Work]) -> None:
    for work in days.values():
        key = (work.folder / "master.key").read_text().strip()
        assert len(key) > 20
        assert [one.step.words for one in work.said if key in one.out + one.err] == []


def test_what_is_never_to_be_written_was_there(days: dict[bool, Work]) -> None:
    """Or nothing above would prove anything."""
    for work in days.values():
        texts = [path.read_text(errors="replace") for path in work.folder.iterdir() if path.is_file()]
        given = [one.given for one in DAY] + [" ".join(one.words) for one in DAY]
        for secret in (
            work.secrets["vault"],
            work.secrets["file"],
            work.secrets["signature"],
            work.secrets["password"],
        ):
            assert any(secret in text for text in [*texts, *given])


def test_with_json_there_is_one_document_whatever_happens(days: dict[bool, Work]) -> None:
    for one in days[True].said:
        json.loads(one.out)


def test_every_document_is_as_its_schema_says(days: dict[bool, Work]) -> None:
    wrong = []
    for one in days[True].said:
        name = called(one)
        schema = schema_of(name if name in DOCUMENTS else "version")  # what is no command fails like any other
        wrong += [
            (one.step.words, error.message[:200]) for error in Draft202012Validator(schema).iter_errors(one.document)
        ]
    assert wrong == []


def test_most_documents_are_seen_where_nothing_failed(days: dict[bool, Work]) -> None:
    seen = {called(one) for one in days[True].said if not (isinstance(one.document, dict) and "error" in one.document)}
    assert DOCUMENTS.keys() - seen == ELSEWHERE.keys() - {"serve"}


def test_every_command_with_json_has_a_schema_and_no_other_has() -> None:
    assert {name for name, options in COMMANDS.items() if "--json" in options} == DOCUMENTS.keys()


def test_every_command_that_reads_a_configuration_reads_what_is_laid_over_it() -> None:
    reading = {name for name, options in COMMANDS.items() if "--config" in options or name in ("check", "serve")}
    assert len(reading) > 15
    assert [name for name in sorted(reading) if "--overlay" not in COMMANDS[name]] == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_schema_is_one_and_refuses_what_is_something_else(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))
    for other in ({"surprise": 1}, 7, "text", None):
        assert not Draft202012Validator(schema_of(name)).is_valid(other)


def test_a_schema_is_printed_by_the_words_of_its_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["schema", "--command", "vault list"]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of("vault list")
    assert run(["schema", "--command", "vault lost"]) == 2
    assert "`vault list`" in capsys.readouterr().err
