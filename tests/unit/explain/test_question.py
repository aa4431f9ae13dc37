"""What can be asked about?"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.explain.question import Question, Unreadable, pem, read
from ostiary.pki.authority import Authority

ASKED = Question("GET", "https", "/a?b", (("Host", "a.example"), ("X", "caf\xe9")), "10.0.0.1")


def test_what_is_written_is_read_again() -> None:
    assert read(ASKED.document()) == ASKED
    certificate = pem(Authority.create("CA").issue_client(cn="alice").certificate)
    shown = Question("GET", "https", "/", (), certificate=certificate)
    assert read(shown.document()) == shown
    peer = shown.peer()
    assert peer.certificate is not None
    assert "alice" in peer.certificate.subject


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], "GET", 7, {"method": "GET"}, {"more": 1}, {"method": 7}, {"method": "G" * 65}, {"target": None},
        {"scheme": "ftp"}, {"headers": "Host"}, {"headers": [["Host"]]}, {"headers": [["Host", 7]]}, {"headers": 7},
        {"headers": [["Host", "\u20ac"]]}, {"certificate": 7}, {"source": ["10.0.0.1"]}, {"target": "x" * 70000},
    ],
)  # fmt: skip
def test_anything_else_is_unreadable_and_not_repeated(wrong: Any) -> None:
    document = {**ASKED.document(), **wrong} if isinstance(wrong, dict) and "method" not in ASKED.document() else wrong
    if isinstance(wrong, dict) and wrong != {"method": "GET"}:
        document = {**ASKED.document(), **wrong}
    with pytest.raises(Unreadable):
        read(document)


def test_what_is_no_certificate_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Question("GET", "https", "/", (), certificate="nothing").peer()
