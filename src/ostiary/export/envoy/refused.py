"""What is done about requests that are not native.

Where there is somebody to ask, the filter before the router has asked: a permit leads to another route, and this one is
never reached. Else Envoy refuses by itself, with the status that the gateway would have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ostiary.config.schema import RouteSpec
from ostiary.export.envoy import shapes
from ostiary.export.envoy.heads import AUTHORIZATION, evidence
from ostiary.export.envoy.matches import matching, placed
from ostiary.export.envoy.words import Block
from ostiary.export.plan import Plan

_COMMA: Final = {"safe_regex": {"regex": ".*,.*"}}
_TWO: Final = {"name": AUTHORIZATION, "string_match": _COMMA}
_TWO_TYPES: Final = {"name": "content-type", "string_match": {"safe_regex": {"regex": r'(?:[^",]|"[^"]*")*,.*'}}}
_CHALLENGE: Final = {"key": "www-authenticate", "value": 'Bearer realm="ostiary"'}


def unmatched(several: Sequence[RouteSpec], plan: Plan) -> Iterator[Block]:
    """Return what is done about requests to one pattern that none of its native routes takes."""
    if plan.asked is not None:
        yield _refuse(placed(several[0]), 503)
        return
    for route in several:
        yield _refuse(matching(route, _TWO), 400)
        if evidence(route):
            yield _refuse(matching(route), 401, _CHALLENGE)
    allowed = sorted({method for route in several for method in route.match.methods or ()})
    yield _refuse(placed(several[0]), 405, {"key": "allow", "value": ", ".join(allowed)} if allowed else None)


def ambiguous() -> Block:
    """Return what is done about a field that may stand once, is there twice, and has become one with a comma."""
    return _refuse({"prefix": "/", "headers": [_TWO_TYPES]}, 400)


def nowhere(plan: Plan) -> Iterator[Block]:
    """Return what is done about every other request."""
    if plan.asked is not None:
        yield _refuse({"prefix": "/"}, 503)
        return
    yield _refuse({"safe_regex": {"regex": shapes.PLAIN}}, 404)
    yield _refuse({"prefix": "/"}, 400)


def _refuse(match: Block, status: int, header: Block | None = None) -> Block:
    told = {} if header is None else {"response_headers_to_add": [{"header": header}]}
    return {"match": match, "direct_response": {"status": status}, **told}
