"""Which names an authority may not vouch for (RFC 5280, section 4.2.1.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.pki.names import show_name

_AUTHORITY_END: Final = re.compile(r"[/?#\\]")  # RFC 3986, section 3.2; browsers take a backslash for a slash
_NAMED: Final = re.compile(r"[^\[\]%]*[^\[\]%.0-9][^\[\]%.]*")  # a last label that is no number: else it is an address


def forbidden(certificate: x509.Certificate, authority: x509.Certificate) -> Iterator[str]:
    """Yield the names of a certificate that an authority above it may not give.

    A kind of name that is constrained, and that is not understood here, is never allowed.
    """
    try:
        limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return
    for name in _names(certificate):
        permitted = _of_kind(limits.permitted_subtrees, name)
        excluded = _of_kind(limits.excluded_subtrees, name)
        if any(_within(name, one) is not False for one in excluded) or (
            permitted and not any(_within(name, one) for one in permitted)
        ):
            yield show_name(name)


def _names(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    if list(certificate.subject):
        yield x509.DirectoryName(certificate.subject)
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        # Limits are ASCII, and what is compared of a mail address is its host.
        yield x509.RFC822Name(str(attribute.value).encode("ascii", "replace").decode())
    try:
        yield from certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return


def _of_kind(trees: Sequence[x509.GeneralName] | None, name: x509.GeneralName) -> list[x509.GeneralName]:
    return [one for one in trees or () if type(one) is type(name)]


def _within(name: x509.GeneralName, limit: x509.GeneralName) -> bool | None:
    """Whether a name lies within a limit of its kind; None when nobody here can tell."""
    match name, limit:
        case x509.DNSName(), x509.DNSName():
            return _domain(name.value.lower(), limit.value.lower())
        case x509.RFC822Name(), x509.RFC822Name():
            return _mail(name.value.lower(), limit.value.lower())
        case x509.UniformResourceIdentifier(), x509.UniformResourceIdentifier():
            return _uri(name.value.lower(), limit.value.lower())
        case x509.IPAddress(), x509.IPAddress():
            return _address(name.value, limit.value)
        case x509.DirectoryName(), x509.DirectoryName():
            return name.value.rdns[: len(limit.value.rdns)] == limit.value.rdns
    return None


def _uri(name: str, limit: str) -> bool | None:
    """A limit is one of the host. A URI that has none that is a name must be refused, and is never below a limit."""
    authority = _AUTHORITY_END.split(name.partition("://")[2], maxsplit=1)[0]
    host = authority.rpartition("@")[2].partition(":")[0]
    return _host(host, limit) if _NAMED.fullmatch(host) else None


def _domain(name: str, limit: str) -> bool:
    return limit == "" or name == limit.removeprefix(".") or name.endswith(f".{limit.removeprefix('.')}")


def _mail(name: str, limit: str) -> bool:
    return name == limit if "@" in limit else _host(name.rpartition("@")[2], limit)


def _host(name: str, limit: str) -> bool:
    """For mail and URIs a limit with a dot in front means every host below, without one this host only."""
    return name.endswith(limit) if limit.startswith(".") else name == limit


def _address(
    name: IPv4Address | IPv6Address | IPv4Network | IPv6Network,
    limit: IPv4Address | IPv6Address | IPv4Network | IPv6Network,
) -> bool | None:
    if isinstance(name, IPv4Address | IPv6Address) and isinstance(limit, IPv4Network | IPv6Network):
        return name in limit
    return None
