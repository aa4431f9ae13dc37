"""What may a connection cost beside its requests?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes

from ostiary.http2.codes import ConnectionBroken
from ostiary.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frame,
)
from ostiary.http2.guard import CONTROL, RESETS, RESETS_PER_SECOND, Guard, Purse
from ostiary.reasons import Reason

HEAD = 1000
FLOOD = (ErrorCodes.ENHANCE_YOUR_CALM, Reason.CONNECTION_FLOOD)


def frame(kind: int, size: int = 0, flags: int = 0, stream: int = 1) -> Frame:
    return Frame(kind, flags, stream, bytes(size))


@pytest.fixture
def guard() -> Guard:
    return Guard(HEAD, now=100.0)


def lasts(guard: Guard, one: Frame, most: int = 5000) -> int:
    """How many of a frame a guard lets pass at once."""
    for count in range(most):
        try:
            guard.judge(one, 100.0)
        except ConnectionBroken as broken:
            return count if (broken.code, broken.reason) == FLOOD else -1
    return most


@pytest.mark.parametrize("kind", [PING, PRIORITY, RST_STREAM, WINDOW_UPDATE, GOAWAY, 0x42])
def test_frames_that_ask_for_nothing_are_bounded(guard, kind):
    assert lasts(guard, frame(kind)) == CONTROL


def test_settings_cost_more_than_others(guard):
    assert lasts(guard, frame(SETTINGS)) == CONTROL / 10


def test_data_is_bounded_by_windows_and_costs_nothing(guard):
    assert lasts(guard, frame(DATA, 10)) == 5000


def test_time_fills_the_purse_and_never_above_its_size():
    purse = Purse(10, 2.0, now=0.0)
    assert all(purse.spend(1, 0.0) for _ in range(10))
    assert not purse.spend(1, 0.0)
    assert purse.spend(1, 1.0)
    purse.spend(0, 1000.0)
    assert purse.left == 10


def test_requests_and_answers_pay_for_the_frames_that_belong_to_them(guard):
    for _ in range(3000):
        guard.opened()
        guard.sent(16 << 10)
        for _ in range(4):
            guard.judge(frame(WINDOW_UPDATE), 100.0)


def test_answers_of_single_octets_pay_for_nothing(guard):
    """A caller who opens his window by one octet at a time makes us send as many frames (CVE-2019-9511)."""
    for _ in range(CONTROL):
        guard.judge(frame(WINDOW_UPDATE), 100.0)
        guard.sent(1)
    with pytest.raises(ConnectionBroken):
        guard.judge(frame(WINDOW_UPDATE), 100.0)


def test_many_small_messages_pay_for_both_windows_of_each(guard):
    for _ in range(CONTROL * 3):
        guard.sent(10, True)
        guard.judge(frame(WINDOW_UPDATE), 100.0)
        guard.judge(frame(WINDOW_UPDATE, stream=0), 100.0)


def test_streams_that_are_given_up_are_bounded(guard):
    for _ in range(RESETS):
        guard.reset(100.0)
    with pytest.raises(ConnectionBroken) as caught:
        guard.reset(100.0)
    assert caught.value.reason is Reason.CONNECTION_FLOOD


def test_giving_up_now_and_then_is_no_flood(guard):
    for second in range(100):
        for _ in range(int(RESETS_PER_SECOND)):
            guard.reset(101.0 + second)


def test_a_block_of_fields_may_have_several_frames(guard):
    guard.judge(frame(HEADERS, 500), 100.0)
    assert guard.block == 1
    guard.judge(frame(CONTINUATION, 500, END_HEADERS), 100.0)
    assert guard.block == 0


@pytest.mark.parametrize("other", [frame(DATA), frame(PING), frame(HEADERS), frame(CONTINUATION, stream=3)])
def test_nothing_comes_between_the_frames_of_a_block(guard, other):
    guard.judge(frame(HEADERS), 100.0)
    with pytest.raises(ConnectionBroken) as caught:
        guard.judge(other, 100.0)
    assert caught.value.code == ErrorCodes.PROTOCOL_ERROR


def test_a_block_without_an_end_is_refused_when_it_is_larger_than_a_head(guard):
    guard.judge(frame(HEADERS, HEAD), 100.0)
    with pytest.raises(ConnectionBroken) as caught:
        guard.judge(frame(CONTINUATION, 1), 100.0)
    assert caught.value.reason is Reason.REQUEST_HEADERS_TOO_LARGE


def test_empty_continuations_are_bounded(guard):
    """CVE-2024-27316: they never become larger than a head."""
    guard.judge(frame(HEADERS), 100.0)
    assert lasts(guard, frame(CONTINUATION)) == CONTROL


def test_each_head_is_measured_anew(guard):
    for _ in range(10):
        guard.judge(frame(HEADERS, HEAD, END_HEADERS), 100.0)
