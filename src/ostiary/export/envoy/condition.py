"""What must hold, as principals of RBAC: they see the connection, the head, and what was verified of a token.

Nothing here says no: what does not hold is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

from ostiary.export.envoy.words import HEAD, JWT, NATIVE, Block, extension

ALWAYS: Final[Block] = {"any": True}
NEVER: Final[Block] = {"not_id": ALWAYS}
_NUMBER: Final[Block] = {"double_match": {"range": {"start": -1.7e308, "end": 1.7e308}}}
_NO_TEXT: Final[Block] = {
    "or_match": {
        "value_matchers": [
            {"null_match": {}},
            _NUMBER,
            {"bool_match": True},
            {"bool_match": False},
            {"list_match": {"one_of": {"present_match": True}}},
        ]
    }
}


def every(conditions: Iterable[Block]) -> Block:
    """All of these."""
    found = [one for one in conditions if one != ALWAYS]
    if not found:
        return ALWAYS
    return found[0] if len(found) == 1 else {"and_ids": {"ids": found}}


def some(conditions: Iterable[Block]) -> Block:
    """At least one of these."""
    found = [one for one in conditions if one != NEVER]
    if not found:
        return NEVER
    return found[0] if len(found) == 1 else {"or_ids": {"ids": found}}


def no(condition: Block) -> Block:
    """Not that."""
    return {"not_id": condition}


def header(name: str, regex: str) -> Block:
    """A header is there, and what it says is of this shape."""
    return {"header": {"name": name, "string_match": {"safe_regex": {"regex": regex}}}}


def method(name: str) -> Block:
    """The method is this one."""
    return {"header": {"name": ":method", "string_match": {"exact": name}}}


def there(name: str) -> Block:
    """A header is there."""
    return {"header": {"name": name, "present_match": True}}


def network(text: str) -> Block:
    """The caller's connection comes from one of these addresses."""
    found = ip_network(text)
    return {"direct_remote_ip": {"address_prefix": str(found.network_address), "prefix_len": found.prefixlen}}


def shown() -> Block:
    """The caller has shown a certificate, which was verified."""
    return _certificate(any_validated_client_certificate=True)


def named(regex: str) -> Block:
    """The verified certificate has a URI of this shape."""
    return _certificate(san_matcher={"san_type": "URI", "matcher": {"safe_regex": {"regex": regex}}})


def _certificate(**wanted: object) -> Block:
    name = "mtls_authenticated"
    return {"custom": extension(f"envoy.rbac.principals.{name}", f"rbac.principals.{name}.v3.Config", **wanted)}


def claim(value: Block, *path: str, part: str = NATIVE) -> Block:
    """Something of the verified token has this value."""
    matcher = {"filter": JWT, "path": [{"key": one} for one in (part, *path)], "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher}}


def is_there(*path: str, part: str = NATIVE) -> Block:
    """The verified token says something under that name."""
    return claim({"present_match": True}, *path, part=part)


def text_is(accepted: Iterable[str], *path: str, part: str = NATIVE) -> Block:
    """A claim is one of these texts."""
    return some(claim({"string_match": {"exact": one}}, *path, part=part) for one in sorted(accepted))


def text_like(regex: str, *path: str, part: str = NATIVE) -> Block:
    """A claim is a text of this shape."""
    return claim({"string_match": {"safe_regex": {"regex": regex}}}, *path, part=part)


def list_has(text: str, *path: str) -> Block:
    """A claim is a list with that text in it, and with nothing but texts."""
    return every(
        (
            claim({"list_match": {"one_of": {"string_match": {"exact": text}}}}, *path),
            no(claim({"list_match": {"one_of": _NO_TEXT}}, *path)),
        )
    )


def says(accepted: Iterable[str], *path: str) -> Block:
    """A claim is one of these texts, or a list with one of them in it."""
    wanted = sorted(accepted)
    return some((text_is(wanted, *path), *(list_has(one, *path) for one in wanted)))


def type_is(kinds: Iterable[str]) -> Block:
    """The token is of one of these types (RFC 8725, section 3.11); an absent `typ` counts as JWT."""
    wanted = frozenset(kinds)
    spelt = [one for kind in sorted(wanted) for one in (kind, f"application/{kind}")]
    named = some(claim({"string_match": {"exact": one, "ignore_case": True}}, "typ", part=HEAD) for one in spelt)
    return some((named, no(is_there("typ", part=HEAD)))) if "jwt" in wanted else named
