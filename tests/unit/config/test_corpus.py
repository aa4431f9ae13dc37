"""What is a person told who made one mistake? (ER-1)"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.surroundings import ENVIRONMENT, NOW
from tests.unit.config.corpus import FILES, FOLDER, expected, judged

from ostiary.config.load import load_checked
from ostiary.config.problem import ConfigInvalid, errors
from ostiary.config.render import Look, human, render

THEIR_WORDS = re.compile(
    r"value_error|Value error|Input should|Field required|Extra inputs|valid (string|integer|dictionary|tuple|list)"
    r"|pydantic|ruamel|Traceback|<class|ScalarNode|tag:yaml|block mapping|NoneType|_error\b|(?<!!)\b(str|int)\b|Spec\b"
)


def share(hits: int, of: int) -> float:
    return 100 * hits / of


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 120


def test_the_file_that_they_are_made_from_is_sound(furnished: Path) -> None:
    copy = furnished / "sound.yaml"
    copy.write_bytes((FOLDER / "sound.yaml").read_bytes())
    assert load_checked(copy, now=NOW, environ=ENVIRONMENT).warnings == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistake_is_refused_with_its_code_and_told_once(file: Path, furnished: Path) -> None:
    told = errors(judged(file, furnished).problems)
    assert [problem.code for problem in told] == [expected(file).code], [problem.message for problem in told]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nobody_else_s_words_are_told(file: Path, furnished: Path) -> None:
    examined = judged(file, furnished)
    for problem in examined.problems:
        words = " ".join([problem.message, problem.remark, *(text for _, text in problem.facts)])
        assert not THEIR_WORDS.search(words), words


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_form_can_show_it(file: Path, furnished: Path) -> None:
    examined = judged(file, furnished)
    code = expected(file).code
    for form in ("human", "json", "github", "sarif"):
        assert code in render(examined.problems, examined.source, form)
    assert human(examined.problems, examined.source, Look()).isprintable() is False  # it has lines


def test_all_of_them_are_refused(furnished: Path) -> None:
    for file in FILES:
        with pytest.raises(ConfigInvalid):
            judged(file, furnished).sound()


def test_at_least_98_of_100_have_the_right_line_and_95_the_right_column(furnished: Path) -> None:
    placed = [(expected(file), judged(file, furnished).problems) for file in FILES]
    marks = [(wanted, errors(problems)[0].mark) for wanted, problems in placed]
    lines = [wanted.line == (mark.line if mark else None) for wanted, mark in marks]
    columns = [
        (wanted.line, wanted.column) == ((mark.line, mark.column) if mark else (None, None)) for wanted, mark in marks
    ]
    assert share(sum(lines), len(lines)) >= 98, [f.name for f, hit in zip(FILES, lines, strict=True) if not hit]
    assert share(sum(columns), len(columns)) >= 95, [f.name for f, hit in zip(FILES, columns, strict=True) if not hit]


def test_at_least_90_of_100_misspelt_words_are_guessed(furnished: Path) -> None:
    misspelt = [file for file in FILES if expected(file).suggestion]
    right = [errors(judged(file, furnished).problems)[0].suggestion == expected(file).suggestion for file in misspelt]
    wrong = [file.name for file, hit in zip(misspelt, right, strict=True) if not hit]
    assert share(sum(right), len(right)) >= 90, wrong
    assert len(misspelt) >= 60


def test_no_literal_secret_of_the_corpus_is_shown(furnished: Path) -> None:
    secrets = ("c2VjcmV0", "hvs.CAES", "hunter2")
    for file in FILES:
        examined = judged(file, furnished)
        for form in ("human", "json", "github", "sarif"):
            text = render(examined.problems, examined.source, form)
            assert not any(secret in text for secret in secrets), file.name
