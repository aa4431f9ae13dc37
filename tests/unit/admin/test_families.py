"""What becomes of rows with the same labels?"""

from __future__ import annotations

from ostiary.admin.exposition.families import counter, gauge, histogram, summary
from ostiary.observe.histogram import Histogram


def told(family):
    return [(sample.name, sample.labels, sample.value) for sample in family.samples]


def test_counts_of_the_same_labels_are_added_up():
    family = counter("seen", "Seen.", ("kind",), [(("a",), 1.0), (("b",), 5.0), (("a",), 2.0)])
    assert told(family) == [("seen_total", {"kind": "a"}, 3.0), ("seen_total", {"kind": "b"}, 5.0)]


def test_of_gauges_with_the_same_labels_the_largest_counts():
    family = gauge("ends", "Ends.", ("name",), [(("a",), 1.0), (("a",), 9.0), (("a",), 3.0)])
    assert told(family) == [("ends", {"name": "a"}, 9.0)]


def test_a_histogram_in_which_nothing_was_counted_is_left_out():
    full, empty = Histogram((1.0,)), Histogram((1.0,))
    full.observe(0.5)
    family = histogram("took", "Took.", ("kind",), {("a",): full, ("b",): empty})
    assert ("took_count", {"kind": "a"}, 1.0) in told(family)
    assert {labels["kind"] for _, labels, _ in told(family)} == {"a"}


def test_a_summary_is_a_count_and_a_sum():
    family = summary("took", "Took.", ("kind",), [(("a",), 3, 1.5)])
    assert told(family) == [("took_count", {"kind": "a"}, 3.0), ("took_sum", {"kind": "a"}, 1.5)]
