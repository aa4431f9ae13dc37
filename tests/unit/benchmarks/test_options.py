"""What may be asked of the benchmarks?"""

import os

import pytest
from benchmarks.options import parse

CORES = sorted(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(CORES) < 2, reason="needs two cores")
TWO = ["--gateway-core", str(CORES[0]), "--load-core", str(CORES[-1])]


def test_a_quick_run_ends_within_three_minutes():
    asked = parse(["--quick", *TWO])
    assert [workload.name for workload in asked.workloads] == ["W1", "W1M", "W4"]
    assert asked.plan.rounds == 3
    assert asked.plan.duration(len(asked.peers), len(asked.workloads)) < 150


def test_only_peers_that_were_asked_for_by_name_must_be_there():
    assert not parse(TWO).named
    assert parse(["--peers", "nginx", *TWO]).named


def test_what_is_said_counts_more_than_quick():
    asked = parse(["--quick", "--rounds", "2", "--workloads", "W4,W1", "--peers", "nginx,envoy", *TWO])
    assert asked.plan.rounds == 2
    assert [workload.name for workload in asked.workloads] == ["W4", "W1"]
    assert [peer.name for peer in asked.peers] == ["nginx", "envoy"]


@pytest.mark.parametrize(
    "words",
    [
        ["--peers", "apache"],
        ["--peers", ","],
        ["--workloads", "W9"],
        ["--rounds", "0"],
        ["--seconds", "-1"],
        ["--gateway-core", str(CORES[0]), "--load-core", str(CORES[0])],
    ],
)
def test_what_makes_no_sense_is_refused(words, capsys):
    with pytest.raises(SystemExit) as left:
        parse([*TWO, *words])
    assert left.value.code == 2
    assert "error" in capsys.readouterr().err
