"""What is left of fault figures when something comes between, and which of several rounds counts?"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from benchmarks.errors import BenchmarkFailed
from benchmarks.faults import __main__ as program
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.play import SCENARIOS
from benchmarks.faults.record import Record
from benchmarks.faults.rounds import best_of, merged
from benchmarks.faults.soak import lows, steady_slope

MET, MISSED = exactly("answers", 1, 1), exactly("answers", 2, 1)


def late(seconds: float) -> Figure:
    return at_most("p99", seconds, 1, "s", timing=True)


# --- the record ----------------------------------------------------------------------------------


def test_what_was_played_is_there_after_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "results" / "faults.json"
    record = Record(path, quick=False)
    record.add("idle", [MET, late(2)])
    record.add("drain", [MISSED])
    again = Record.resumed(path, quick=False)
    assert again.played == {"idle": [MET, late(2)], "drain": [MISSED]}
    assert again.figures() == [MET, late(2), MISSED]


def test_without_a_file_it_begins_with_nothing(tmp_path: Path) -> None:
    assert Record.resumed(tmp_path / "none.json", quick=True).figures() == []


def test_figures_of_another_extent_are_not_mixed_in(tmp_path: Path) -> None:
    Record(tmp_path / "one.json", quick=True).add("idle", [MET])
    with pytest.raises(BenchmarkFailed, match="extent"):
        Record.resumed(tmp_path / "one.json", quick=False)


def test_what_is_no_record_is_said(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("[1]")
    with pytest.raises(BenchmarkFailed, match="no figures"):
        Record.resumed(tmp_path / "one.json", quick=False)


# --- which are played ----------------------------------------------------------------------------


def test_scenarios_are_chosen_by_name_or_by_a_word_and_keep_their_order() -> None:
    assert program.chosen([], []) == (list(SCENARIOS), [])
    assert program.chosen(["soak", "idle"], []) == (["idle", "soak"], [])
    assert program.chosen([], ["vault"]) == (["vault-down", "vault-rotated"], [])
    assert program.chosen(["nobody"], ["nothing"])[1] == ["nobody", "nothing"]


def test_an_interruption_shows_what_there_is_and_a_second_run_plays_the_rest(tmp_path, monkeypatch, capsys) -> None:
    played = []

    def play(name: str, *_: object) -> list[Figure]:
        played.append(name)
        if played == ["idle", "burst"]:
            raise KeyboardInterrupt
        return [exactly(name, 1, 1)]

    monkeypatch.setattr(program, "play", play)
    monkeypatch.setattr(program, "_prepare", lambda _: None)
    arguments = ["idle", "burst", "drain", "--json", str(tmp_path / "figures.json")]
    assert program.main(arguments) == 130
    assert "idle" in capsys.readouterr().out
    assert program.main([*arguments, "--resume"]) == 0
    assert played == ["idle", "burst", "burst", "drain"]
    told = capsys.readouterr().out
    assert all(name in told for name in ("idle", "burst", "drain"))


# --- rounds --------------------------------------------------------------------------------------


def test_of_figures_of_time_the_best_round_counts_and_says_which() -> None:
    rounds = iter([[MET, late(3)], [MET, late(0.5)], [MET, late(0.1)]])
    figures = best_of(lambda: next(rounds), 3, math.inf)
    assert [figure.word for figure in figures] == ["met", "met"]
    assert figures[1].measured == "0.5 s (round 2)"


def test_what_must_hold_must_hold_in_each_round() -> None:
    assert merged([MET, late(3)], [MISSED, late(0.5)], 2)[0].word == "missed"
    rounds = iter([[MISSED, late(3)]])
    assert best_of(lambda: next(rounds), 3, math.inf)[0] == MISSED, "and another round does not make it better"


def test_without_time_there_is_one_round() -> None:
    rounds = iter([[late(3)]])
    assert best_of(lambda: next(rounds), 3, 0.0) == [late(3)]


# --- memory --------------------------------------------------------------------------------------


def test_one_step_of_memory_is_no_growth_and_a_slope_is() -> None:
    step = [(minute, 50.0 if minute < 3 else 53.0) for minute in range(20)]
    assert steady_slope([(float(at), level) for at, level in step]) < 0.3
    assert steady_slope([(float(at), 50 + 2 * at) for at in range(20)]) == 2.0


def test_what_is_under_way_for_a_moment_is_no_growth() -> None:
    memory = [(float(at), (50 + (20 if at % 3 == 0 else 0)) << 20) for at in range(600)]
    assert {level for _, level in lows(memory, 600.0)} == {50.0}
