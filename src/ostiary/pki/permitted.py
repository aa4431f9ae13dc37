"""May an authority vouch for a name (RFC 5280, section 4.2.1.10)? OpenSSL decides; this only explains."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from ostiary.pki.diagnosis.finding import extension
from ostiary.pki.names import show_name


def forbidden(leaf: x509.Certificate, above: x509.Certificate) -> Iterator[str]:
    """Yield the DNS names, mail addresses and hosts of URIs of a leaf that its authority may not give."""
    limits = extension(above, x509.NameConstraints)
    names = extension(leaf, x509.SubjectAlternativeName)
    if limits is None or names is None:
        return
    for name in names.value:
        permitted = _of_kind(limits.value.permitted_subtrees, name)
        excluded = _of_kind(limits.value.excluded_subtrees, name)
        if any(_within(name, one) for one in excluded) or (
            permitted and not any(_within(name, one) for one in permitted)
        ):
            yield show_name(name)


def _of_kind(trees: list[x509.GeneralName] | None, name: x509.GeneralName) -> list[x509.GeneralName]:
    return [one for one in trees or () if type(one) is type(name)]


def _within(name: x509.GeneralName, limit: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName) and isinstance(limit, x509.DNSName):
        return _domain(name.value.lower(), limit.value.lower())
    if isinstance(name, x509.RFC822Name) and isinstance(limit, x509.RFC822Name):
        wanted, host = limit.value.lower(), name.value.lower().rpartition("@")[2]
        return name.value.lower() == wanted if "@" in wanted else _host(host, wanted)
    if isinstance(name, x509.UniformResourceIdentifier) and isinstance(limit, x509.UniformResourceIdentifier):
        authority = name.value.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        return _host(authority.lower(), limit.value.lower())
    return True  # of the other kinds nothing is said here


def _domain(name: str, limit: str) -> bool:
    return limit == "" or name == limit.removeprefix(".") or name.endswith(f".{limit.removeprefix('.')}")


def _host(name: str, limit: str) -> bool:
    """For mail and URIs a limit with a dot in front means every host below, without one this host only."""
    return name.endswith(limit) if limit.startswith(".") else name == limit
