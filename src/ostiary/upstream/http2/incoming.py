"""How far an answer has come, and what may still come of it (RFC 9113, section 8.1)."""

from __future__ import annotations

from typing import Final

from ostiary.errors import UpstreamInvalid
from ostiary.http2.hpack.decoder import Fields
from ostiary.upstream.http1.answer import MAX_INFORMATIONAL
from ostiary.upstream.http2.answer import AnswerHead, read_answer

FINAL: Final = 200
"""The least status of a head that is the last."""
_NO_CONTENT, _NOT_MODIFIED = 204, 304


class Incoming:
    """The answer to one request.

    Attributes:
        started: its final head has come.
        informed: how many others came before.
    """

    __slots__ = ("_bodyless", "_left", "informed", "started")

    def __init__(self) -> None:
        self._bodyless = False
        self._left: int | None = None  # octets that were announced and have not come
        self.started = False
        self.informed = 0

    def take_head(self, fields: Fields, method: str, *, ended: bool) -> AnswerHead:
        """Return what a head says; the length of an answer without content is 0, where that can be said.

        Args:
            fields: as HPACK has decoded them.
            method: of the request.
            ended: nothing follows.

        Raises:
            UpstreamInvalid: it is malformed, or has no place here.
        """
        head = read_answer(fields)
        if head.status >= FINAL:
            return self._start(head, method, ended=ended)
        self.informed += 1
        if ended or self.informed > MAX_INFORMATIONAL:
            raise UpstreamInvalid("an informational response that is the last, or one too many")
        return head

    def _start(self, head: AnswerHead, method: str, *, ended: bool) -> AnswerHead:
        self._bodyless = method == "HEAD" or head.status in (_NO_CONTENT, _NOT_MODIFIED)
        self._left = None if self._bodyless else head.length
        if ended and self._left:
            raise UpstreamInvalid("no content where some was announced")
        self.started = True
        empty = head.status == _NO_CONTENT or (ended and head.length is None and not self._bodyless)
        return head._replace(length=0) if empty else head

    def count(self, octets: int, *, ended: bool) -> None:
        """So much content has come.

        Raises:
            UpstreamInvalid: there is no place for it.
        """
        if not self.started:
            raise UpstreamInvalid("content before the head of the answer")
        if octets and self._bodyless:
            raise UpstreamInvalid("content in an answer that has none")
        if self._left is not None:
            self._left -= octets
            if self._left < 0 or (ended and self._left):
                raise UpstreamInvalid("content of another length than announced")
