"""Which trace does a request belong to, and what is told of it?"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.model import Headers, Trace
from ostiary.observe.trace import Traces, parse, state_of, written

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{ID}-{SPAN}-01".encode()


def begun(*fields: tuple[bytes, bytes], sample: int = 100) -> Trace:
    return Traces(sample, Random(1)).begin(Headers.of(fields))


def test_a_caller_s_trace_goes_on_with_a_span_of_our_own():
    trace = begun((b"Traceparent", GOOD))
    assert (trace.id, trace.parent, trace.sampled) == (ID, SPAN, True)
    assert trace.span != SPAN
    assert written(trace) == f"00-{ID}-{trace.span}-01".encode()


def test_where_there_is_none_one_begins():
    trace = begun((b"Host", b"a"))
    assert (trace.parent, trace.state) == ("", b"")
    assert parse(written(trace)) == (trace.id, trace.span, True)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        GOOD.upper(),
        GOOD + b"-more",
        GOOD + b" ",
        b" " + GOOD,
        GOOD[:-1],
        b"00-" + b"0" * 32 + b"-" + SPAN.encode() + b"-01",
        b"00-" + ID.encode() + b"-" + b"0" * 16 + b"-01",
        b"ff" + GOOD[2:],
        b"0x" + GOOD[2:],
        b"01" + GOOD[2:] + b"more",
        GOOD.replace(b"-", b"_"),
        b"00-" + ID.encode()[:31] + b"-" + SPAN.encode() + b"-001",
        b"00" + b"-" + ID.encode() + b"a" + SPAN.encode() + b"--1",
    ],
)
def test_what_cannot_be_read_begins_a_new_one_and_takes_its_state_along(value):
    trace = begun((b"traceparent", value), (b"tracestate", b"vendor=1"))
    assert trace.id != ID
    assert (trace.parent, trace.state) == ("", b"")


def test_two_of_them_are_none():
    assert begun((b"traceparent", GOOD), (b"TraceParent", GOOD)).parent == ""


def test_a_version_to_come_is_read_as_far_as_it_is_known():
    assert parse(b"01" + GOOD[2:]) == (ID, SPAN, True)
    assert parse(b"cc" + GOOD[2:] + b"-what-the-future-holds") == (ID, SPAN, True)


@pytest.mark.parametrize(
    ("flags", "sampled"), [(b"00", False), (b"01", True), (b"02", False), (b"03", True), (b"ff", True)]
)
def test_only_one_flag_says_that_it_is_recorded(flags, sampled):
    trace = begun((b"traceparent", GOOD[:-2] + flags))
    assert trace.sampled is sampled
    assert written(trace).endswith(b"-01" if sampled else b"-00")


def test_what_vendors_noted_down_goes_on_in_order():
    fields = [(b"traceparent", GOOD), (b"tracestate", b"a=1,b=2"), (b"Tracestate", b"c=3")]
    assert begun(*fields).state == b"a=1,b=2,c=3"


@pytest.mark.parametrize("state", [b"a=\xff", b"a=1\r\nX: y", b"a=" + b"1" * 511, b",".join([b"a=1"] * 33)])
def test_what_is_too_much_or_not_text_does_not(state):
    assert state_of([state]) == b""


@pytest.mark.parametrize(("sample", "least", "most"), [(0, 0, 0), (100, 1000, 1000), (30, 250, 350)])
def test_as_many_are_recorded_as_was_asked_for(sample, least, most):
    traces = Traces(sample, Random(7))
    assert least <= sum(traces.begin(Headers()).sampled for _ in range(1000)) <= most


def test_a_caller_s_mark_is_kept_whatever_is_sampled_here():
    assert begun((b"traceparent", GOOD), sample=0).sampled
    assert not begun((b"traceparent", GOOD[:-2] + b"00"), sample=100).sampled


def test_no_two_traces_are_the_same():
    traces = Traces()
    assert len({traces.begin(Headers()).id for _ in range(1000)}) == 1000


@given(st.binary(max_size=80))
def test_nothing_that_is_sent_breaks_it(value):
    told = parse(value)
    assert told is None or parse(b"00-%b-%b-01" % (told[0].encode(), told[1].encode())) is not None
