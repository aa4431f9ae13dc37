"""How long does a worker stay dead, and how is its end told?"""

from __future__ import annotations

import signal

from ostiary.workers import how, pause_after


def test_an_accident_costs_no_pause_and_a_series_ever_longer_ones():
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses[:6] == [0, 0, 0.5, 1, 2, 4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause_after(100_000) == 30


def test_the_end_of_a_process_is_told_in_words():
    assert how(3) == {"exit_code": 3}
    assert how(-signal.SIGKILL) == {"signal": "SIGKILL"}
    assert how(-63) == {"signal": 63}
