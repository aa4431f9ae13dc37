"""Does every metric know what it means of several processes?"""

from __future__ import annotations

from ostiary.admin.encoding import metrics_of, metrics_told
from ostiary.admin.exposition.families import counter, gauge, histogram
from ostiary.admin.exposition.together import ADDED, LARGEST, SMALLEST, growing, together
from ostiary.admin.source import Own
from ostiary.observe.histogram import Histogram


def values(families, name):
    return [sample.value for family in families for sample in family.samples if sample.name == name]


async def test_each_gauge_is_decided_once(view):
    families = list((await Own(view).metrics()).collect())
    gauges = {one.name for one in families if one.type == "gauge" and not one.name.startswith("process_")}
    assert gauges == ADDED | SMALLEST | LARGEST
    assert len(gauges) == len(ADDED) + len(SMALLEST) + len(LARGEST)


def test_a_number_of_things_is_added_up_and_of_the_others_the_worse_one_counts():
    def told(number):
        for name in ("ostiary_connections", "ostiary_credential_usable", "ostiary_key_set_stale"):
            yield gauge(name, "", ("x",), [(("a",), number)])

    both = list(together({"1": told(0.0), "2": told(1.0)}))
    assert [one.samples[0].value for one in both] == [1.0, 0.0, 1.0]
    assert values(together({"1": told(1.0), "2": told(1.0)}), "ostiary_connections") == [2.0]


def test_what_only_one_of_them_has_is_there():
    told = {number: [counter("a", "", ("x",), [((number,), 1.0)])] for number in ("1", "2")}
    (family,) = together(told)
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"x": "1"}, 1.0), ({"x": "2"}, 1.0)]


def test_histograms_are_added_up_bucket_by_bucket():
    held = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.5, 5.0):
        held.observe(seconds)
    told = {number: [histogram("h", "", (), {(): held})] for number in ("1", "2")}
    found = list(together(told))
    assert values(found, "h_bucket") == [2.0, 4.0, 6.0]
    assert values(found, "h_count") == [6.0]
    assert values(found, "h_sum") == [2 * held.total]


def test_the_dead_leave_what_they_have_counted_and_nothing_else():
    told = [counter("a", "", (), [((), 1.0)]), gauge("b", "", (), [((), 1.0)]), counter("process_c", "", (), [])]
    assert [one.name for one in growing(told)] == ["a"]


async def test_what_is_told_over_the_line_arrives_as_it_was(view):
    families = list((await Own(view).metrics()).collect())

    class Told:
        def collect(self):
            return families

    arrived = metrics_of(metrics_told(Told()))
    assert [(one.name, one.type, one.documentation) for one in arrived] == [
        (one.name, one.type, one.documentation) for one in families
    ]
    assert [[tuple(one)[:3] for one in family.samples] for family in arrived] == [
        [tuple(one)[:3] for one in family.samples] for family in families
    ]
