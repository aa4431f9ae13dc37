"""From what was asked to the request that it is about: checked as if the caller had come to us."""

from __future__ import annotations

import re
from typing import Final

from ostiary.config.listeners import ListenerLimits
from ostiary.edge.decide.ask import Asked
from ostiary.edge.decide.permit import NoBody
from ostiary.edge.head import check_target, read_head
from ostiary.errors import BadRequest, HeadersTooLarge
from ostiary.model import Headers, Peer, Request
from ostiary.reasons import Reason

_NO_COMMA: Final = frozenset((b"bearer", b"basic", b"dpop"))
_SOMEBODY: Final = Peer("")
_PARAMETER: Final = re.compile(rb"[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*=")


def request_of(asked: Asked, ask: Request, longest: int) -> Request:
    """Return the request that is to be decided; it goes by the id of the ask, and has its line in the log.

    Who it is from is found out after this, by what the proxy says of the certificate.

    Args:
        asked: what the dialect has read.
        ask: the ask itself.
        longest: octets that a target may have.

    Raises:
        GatewayError: any edge would have refused it.
    """
    check_target(asked.target, longest)
    check_authorization(asked.headers)
    asked.headers.add(b"Host", asked.authority)
    return read_head(
        id=ask.id,
        method=asked.method,
        target=asked.target,
        headers=asked.headers,
        peer=_SOMEBODY,
        scheme=asked.scheme,
        body=NoBody(),
        record=ask.record,
    )


def check_size(headers: Headers, limits: ListenerLimits) -> None:
    """Refuse a head that is larger than it may be.

    Raises:
        HeadersTooLarge: it is (RFC 6585, section 5).
    """
    if len(headers) > limits.header_count:
        raise HeadersTooLarge("too many fields")
    size = 4 * len(headers) + sum([len(one[0]) + len(one[2]) for one in headers.fields])
    if size > limits.headers:
        raise HeadersTooLarge(f"{size} octets")


def check_authorization(headers: Headers) -> None:
    """Refuse two credentials in one field: that is how some proxies join two fields (CVE-2021-32777).

    Raises:
        BadRequest: there is a comma that does not stand between the parameters of one scheme (RFC 9110, section 11.4).
    """
    value = headers.get(b"authorization")
    if value is None or b"," not in value:
        return
    first, *others = value.split(b",")
    scheme = first.strip(b" \t").partition(b" ")[0].lower()
    if scheme in _NO_COMMA or not all(_PARAMETER.match(one) for one in others):
        raise BadRequest("Authorization holds more than one credential", reason=Reason.REQUEST_AMBIGUOUS)
