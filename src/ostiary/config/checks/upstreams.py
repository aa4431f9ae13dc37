"""Can what routes want of their upstreams be had over what is spoken there?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.draft import Draft
from ostiary.config.problem import Problem


def changing(draft: Draft) -> Iterator[Problem]:
    """Find routes that would let callers change the protocol where there is no such change (RFC 9113, section 8.6)."""
    for index, route in draft.routes.items():
        upstream = draft.upstreams.get(route.upstream)
        if route.upgrades and upstream is not None and upstream.protocol == "h2":
            yield draft.problem(
                "C379", f"route {route.name!r} has `upgrades`, and upstream {route.upstream!r} speaks HTTP/2",
                ("routes", index, "upgrades"), key=True,
                help="send what changes protocols to an upstream that is spoken to in HTTP/1.1",
            )  # fmt: skip
