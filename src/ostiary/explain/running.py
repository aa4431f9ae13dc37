"""Explain by the gateway that runs: its objects, its keys, its credentials; and nothing of it changes."""

from __future__ import annotations

import time
from typing import Any

from ostiary.explain.explanation import facts
from ostiary.explain.question import Unreadable, read
from ostiary.explain.walk import Explainer
from ostiary.gateway import Gateway


async def answer(gateway: Gateway, document: Any) -> dict[str, Any]:
    """Return what would become of a request; with `unreadable` alone, why it is none.

    Args:
        gateway: what serves.
        document: the request, see `question.read`; with `claims: true` every claim of its token is told.
    """
    assert gateway.loaded is not None  # noqa: S101 - what serves was compiled from a file
    try:
        question = read(document)
        told = await Explainer(gateway.loaded, gateway).answer(question)
    except Unreadable as error:
        return {"unreadable": str(error)}
    return facts(told, time.time(), claims=document.get("claims") is True)
