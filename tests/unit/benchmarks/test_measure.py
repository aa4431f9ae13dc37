"""What do the clocks of a sample, and the samples of several rounds, amount to?"""

from pathlib import Path

import pytest
from benchmarks.errors import BenchmarkFailed
from benchmarks.load.wrk import Said
from benchmarks.measure import Contestant, Reading, Sample, between, core_seconds
from benchmarks.rounds import alternate, middle, ratio, spread
from benchmarks.workloads import WORKLOADS

SAID = Said(requests=1100, p50=0.001, p99=0.009, refused=0, broken=0)


def sample(microseconds):
    return Sample(microseconds, rate=1000.0, p50=0.001, p99=0.002, resident=1 << 20, busy=0.5, foreign=0.0)


def contestant(name):
    return Contestant(name, place=None, process=None)


def test_cpu_per_request_is_cpu_time_divided_by_what_the_upstream_has_taken():
    before = Reading(wall=10.0, gateway=1.0, core=50.0, requests=500)
    after = Reading(wall=12.0, gateway=1.1, core=50.3, requests=1501)
    taken = between(before, after, WORKLOADS["W1"], SAID, resident=7)
    assert taken.microseconds == pytest.approx(100.0)
    assert taken.rate == pytest.approx(500.0)
    assert taken.busy == pytest.approx(0.05)
    assert taken.foreign == pytest.approx(0.1)
    assert (taken.p50, taken.p99, taken.resident) == (0.001, 0.009, 7)


def test_an_exchange_that_the_upstream_counts_twice_is_one_request():
    before, after = Reading(0.0, 0.0, 0.0, 0), Reading(1.0, 1.0, 1.0, 201)
    assert between(before, after, WORKLOADS["W3"], SAID, resident=0).microseconds == pytest.approx(10_000.0)


def test_a_window_without_requests_is_no_sample():
    before, after = Reading(0.0, 0.0, 0.0, 5), Reading(1.0, 0.1, 0.1, 6)
    with pytest.raises(BenchmarkFailed, match="no request"):
        between(before, after, WORKLOADS["W1"], SAID, resident=0)


def test_every_other_round_goes_backwards():
    order = []

    def take(one):
        order.append(one.name)
        return sample(1.0)

    samples = alternate([contestant("a"), contestant("b")], 3, take)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(taken) for name, taken in samples.items()} == {"a": 3, "b": 3}


def test_ratios_are_taken_within_a_round():
    samples = {"floor": [sample(10.0), sample(20.0), sample(40.0)], "peer": [sample(20.0), sample(40.0), sample(400.0)]}
    assert ratio(samples, "peer", "floor") == pytest.approx(2.0)
    assert ratio(samples, "peer", "absent") is None


def test_medians_are_taken_field_by_field():
    assert middle([sample(1.0), sample(9.0), sample(2.0)]).microseconds == pytest.approx(2.0)
    assert spread([sample(1.0), sample(9.0), sample(2.0)]) == pytest.approx(4.0)


def test_a_core_has_been_busy_for_some_time():
    if not Path("/proc/stat").exists():
        pytest.skip("no /proc: not Linux")
    assert core_seconds(0) > 0
