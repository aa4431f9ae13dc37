"""What do the clocks of a sample, and the samples of several rounds, amount to?"""

from pathlib import Path

import pytest
from benchmarks.errors import BenchmarkFailed, Unable
from benchmarks.load.said import Said, percentile
from benchmarks.measure import Contestant, Reading, Sample, between, core_seconds
from benchmarks.rounds import alternate, middle, ratio, spread, times
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


def test_a_fixed_rate_that_is_not_held_is_no_sample():
    before, after = Reading(0.0, 0.0, 0.0, 0), Reading(1.0, 0.1, 0.1, 901)
    with pytest.raises(Unable, match="900 requests a second, of 1000"):
        between(before, after, WORKLOADS["LAT"], SAID, resident=0)


def test_every_other_round_goes_backwards():
    order, pairs = [], [(contestant("a"), WORKLOADS["W1"]), (contestant("b"), WORKLOADS["W1M"])]

    def take(pair):
        order.append((pair[0].name, pair[1].name))
        return sample(1.0)

    samples = alternate(pairs, 3, take, give_up=None)
    forth = [("a", "W1"), ("b", "W1M")]
    assert order == [*forth, *reversed(forth), *forth]
    assert [len(taken) for taken in samples.values()] == [3, 3]


def test_who_fails_once_is_out_and_the_others_go_on():
    good, bad = ((contestant(name), WORKLOADS["W1"]) for name in ("good", "bad"))
    given_up = []

    def take(pair):
        if pair is bad:
            raise BenchmarkFailed("it ended")
        return sample(1.0)

    samples = alternate([good, bad], 2, take, lambda pair, failure: given_up.append((pair, str(failure))))
    assert given_up == [(bad, "it ended")]
    assert {pair[0].name: len(taken) for pair, taken in samples.items()} == {"good": 2}


def test_ratios_are_taken_within_a_round():
    samples = {"floor": [sample(10.0), sample(20.0), sample(40.0)], "peer": [sample(20.0), sample(40.0), sample(400.0)]}
    assert ratio(samples, "peer", "floor") == pytest.approx(2.0)
    assert ratio(samples, "peer", "absent") is None


def test_two_workloads_are_compared_within_the_rounds_that_they_share():
    assert times([sample(30.0), sample(10.0), sample(20.0)], [sample(10.0), sample(10.0), sample(10.0)]) == 2.0


def test_a_percentile_is_one_of_the_values():
    ordered = [float(number) for number in range(1, 101)]
    assert [percentile(ordered, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([7.0], 0.99) == 7.0


def test_medians_are_taken_field_by_field():
    assert middle([sample(1.0), sample(9.0), sample(2.0)]).microseconds == pytest.approx(2.0)
    assert spread([sample(1.0), sample(9.0), sample(2.0)]) == pytest.approx(4.0)


def test_a_core_has_been_busy_for_some_time():
    if not Path("/proc/stat").exists():
        pytest.skip("no /proc: not Linux")
    assert core_seconds(0) > 0
