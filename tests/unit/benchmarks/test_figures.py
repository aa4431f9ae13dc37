"""When is a figure met?"""

import pytest
from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import at_most, exactly, skipped


@pytest.mark.parametrize(("value", "word"), [(10.0, "met"), (10.5, "met"), (10.6, "missed"), (float("inf"), "missed")])
def test_a_bound_may_be_reached_and_passed_by_the_slack_that_is_told(value, word):
    figure = at_most("a head", value, 10, "s", slack=0.5)
    assert figure.word == word
    assert figure.target == "<= 10 s (+0.5)"


def test_what_must_be_one_value_is_that_value_or_missed():
    assert exactly("held", 5000, 5000).word == "met"
    assert exactly("held", 4999, 5000).word == "missed"


def test_what_cannot_be_had_is_neither_met_nor_missed():
    figure = skipped("reload", "no request fails", "there is no reload")
    assert (figure.word, figure.measured) == ("skipped", "there is no reload")


def test_an_extent_chooses_one_of_two_sizes():
    assert Extent()(5000, 200) == 5000
    assert Extent(quick=True)(5000, 200) == 200
