"""Is a target called met, missed or not measured, as the run has it?"""

import pytest
from benchmarks.measure import Sample
from benchmarks.memory import Held
from benchmarks.results import FirstSight, Results
from benchmarks.targets import verdicts


def samples(*microseconds, p99=0.002, resident=10 << 20):
    return [Sample(one, rate=1.0, p50=0.001, p99=p99, resident=resident, busy=0.5, foreign=0.0) for one in microseconds]


def word(results, what):
    return next(one.word for one in verdicts(results) if one.target.what == what)


def test_a_run_that_measured_nothing_says_so():
    assert {one.word for one in verdicts(Results())} == {"not measured"}


@pytest.mark.parametrize(("ours", "expected"), [(40.0, "met"), (40.1, "missed")])
def test_a_ratio_may_reach_its_bound_and_not_pass_it(ours, expected):
    results = Results(samples={"W1": {"ostiary": samples(ours), "nginx": samples(20.0)}})
    assert word(results, "W1, CPU per request beside nginx") == expected
    assert word(results, "W1, CPU per request beside Envoy") == "not measured"


def test_workloads_of_ours_are_compared_with_each_other():
    results = Results(samples={"R1": {"ostiary": samples(10.0, 20.0)}, "R2": {"ostiary": samples(10.4, 20.8)}})
    assert word(results, "R2 beside R1") == "met"
    results.samples["R2"]["ostiary"] = samples(11.0, 22.0)
    assert word(results, "R2 beside R1") == "missed"


def test_latency_is_compared_with_that_of_envoy():
    results = Results(samples={"LAT": {"ostiary": samples(1.0, p99=0.003), "envoy": samples(1.0, p99=0.002)}})
    assert word(results, "LAT, p99 beside Envoy") == "missed"
    assert word(results, "LAT, p50 beside Envoy") == "met"


def test_memory_is_that_of_a_worker_and_that_of_one_connection():
    busy = Results(samples={"W1": {"ostiary": samples(1.0, resident=65 << 20)}})
    assert word(busy, "resident memory of a worker under W1") == "missed"
    held = Results(held={"ostiary": Held(5000, before=0, during=5000 * 60 * 1024)})
    assert word(held, "an idle TLS connection, 5 000 held") == "met"


def test_the_first_sight_of_a_token_is_measured_beyond_its_signature():
    assert (
        word(Results(first_sight=FirstSight(raw=64.0, ours=124.0)), "first sight of a token, beyond the signature")
        == "met"
    )
    assert (
        word(Results(first_sight=FirstSight(raw=64.0, ours=125.0)), "first sight of a token, beyond the signature")
        == "missed"
    )


def test_without_the_compiled_gateway_the_other_one_is_held_to_the_targets():
    results = Results(samples={"W1": {"ostiary-pure": samples(50.0), "nginx": samples(20.0)}})
    assert word(results, "W1, CPU per request beside nginx") == "missed"
    results.samples["W1"]["ostiary"] = samples(30.0)
    assert word(results, "W1, CPU per request beside nginx") == "met"
