"""Can everything that Ostiary says be looked up, offline? (UX-18)"""

from __future__ import annotations

import json

import pytest

from ostiary.cli.run import run
from ostiary.config.codes import CODES
from ostiary.pki.diagnosis.codes import CODES as FINDINGS
from ostiary.reasons import Reason


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", code]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{code}: {CODES[code].title}")
    assert "\nWrong\n" in shown
    assert "\nRight\n" in shown


@pytest.mark.parametrize("reason", Reason, ids=str)
def test_every_reason_has_its_page(reason: Reason, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", str(reason)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(str(reason))
    assert reason.public in shown
    assert "What to do" in shown


def test_a_page_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "c204", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "unknown issuer"


def test_all_of_them_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "codes": sorted(CODES),
        "reasons": [str(reason) for reason in Reason],
        "findings": list(FINDINGS),
    }


def test_a_misspelt_one_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "token.expried"]) == 2
    assert "did you mean `token.expired`?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["check"], ["vault"], ["vault", "put"]])
def test_a_command_has_the_page_that_it_shows_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", *words]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Usage: ostiary {' '.join(words)}")
    assert run([*words, "-h"]) == 0
    assert capsys.readouterr().out == told
