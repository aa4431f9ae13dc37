"""What does `ostiary audit verify` answer?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ostiary.cli.frame import Exit
from ostiary.cli.run import run
from ostiary.observe.audit.chain import Link, sealed


@pytest.fixture
def log(tmp_path: Path) -> Path:
    end, content = Link(), b""
    for number in range(4):
        line, end = sealed({"event.action": "request-allowed", "number": number}, end)
        content += line
    file = tmp_path / "audit.jsonl"
    file.write_bytes(content)
    return file


def test_a_whole_log_is_a_yes(log, capsys):
    assert run(["audit", "verify", str(log)]) == Exit.YES
    assert "4 lines, whole; the last is number 4, sha256:" in capsys.readouterr().out


def test_a_changed_line_is_a_no_with_its_number(log, capsys):
    log.write_bytes(log.read_bytes().replace(b'"number":1', b'"number":7'))
    assert run(["audit", "verify", str(log)]) == Exit.NO
    assert capsys.readouterr().out.startswith("line 3: ")


def test_programs_get_one_document(log, capsys):
    assert run(["audit", "verify", str(log), "--json"]) == Exit.YES
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["lines"], told["faults"], told["last"]["sequence"]) == (True, 4, [], 4)


def test_files_are_read_in_the_order_they_are_named(log, capsys):
    lines = log.read_bytes().splitlines(keepends=True)
    old, new = log.with_name("old"), log.with_name("new")
    old.write_bytes(b"".join(lines[:2]))
    new.write_bytes(b"".join(lines[2:]))
    assert run(["audit", "verify", str(old), str(new)]) == Exit.YES
    assert run(["audit", "verify", str(new), str(old)]) == Exit.NO


def test_a_file_that_is_not_there_cannot_be_judged(tmp_path):
    assert run(["audit", "verify", str(tmp_path / "nothing")]) == Exit.UNKNOWN
