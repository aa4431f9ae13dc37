"""Are the libraries there that the file needs, and that not everybody installs?"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final, NamedTuple

from ostiary.config.draft import Draft
from ostiary.config.keys import AwsKeySpec, AzureKeySpec, KeySpec, Pkcs11KeySpec
from ostiary.config.problem import Path, Problem
from ostiary.config.vaults.cloud import EXTRAS

_KEYS: Final[dict[type[KeySpec], tuple[str, str]]] = {
    Pkcs11KeySpec: ("hsm", "pkcs11"),
    AzureKeySpec: ("azure", "azure.keyvault.keys"),
    AwsKeySpec: ("aws", "botocore"),
}


class _Need(NamedTuple):
    """Something of a file that needs an extra.

    Attributes:
        what: it, in words, with its verb.
        extra: what is to be installed.
        module: a module of it.
        path: where the file says it.
        key: whether the key is what is to be looked at, not the value.
    """

    what: str
    extra: str
    module: str
    path: Path
    key: bool = False


def extras(draft: Draft) -> Iterator[Problem]:
    """Find what needs a library that is not installed."""
    for need in _needs(draft):
        if not _is_there(need.module):
            message, help_ = f"{need.what} an extra that is not installed", f'pip install "ostiary[{need.extra}]"'
            yield draft.problem("C560", message, need.path, key=need.key, help=help_)


def _needs(draft: Draft) -> Iterator[_Need]:
    yield from _kept(draft)
    if draft.shared is not None:
        yield _Need("Redis needs", "redis", "redis", ("shared", "redis"), key=True)
    for name, listener in draft.listeners.items():
        if listener.decide is not None and listener.decide.dialect == "envoy-grpc":
            yield _Need("envoy-grpc needs", "grpc", "google.protobuf", ("listeners", name, "decide"), key=True)
    for index, route in draft.routes.items():
        for place, rule in enumerate(() if route.authorize == "anyone" else route.authorize):
            if rule.expression is not None:
                yield _Need("expressions need", "cel", "cel", ("routes", index, "authorize", place, "expression"))
    tracing = draft.tree.data.get("tracing") if isinstance(draft.tree.data, dict) else None
    if isinstance(tracing, dict) and tracing.get("otlp") is not None:
        yield _Need("spans need", "otel", "opentelemetry.exporter.otlp.proto.http", ("tracing", "otlp"), key=True)


def _kept(draft: Draft) -> Iterator[_Need]:
    """Vaults and keys."""
    for name, vault in draft.vaults.items():
        if type(vault) in EXTRAS:
            yield _Need(f"vaults of type {vault.type!r} need", *EXTRAS[type(vault)], ("vaults", name, "type"))
    for name, key in draft.keys.items():
        if type(key) in _KEYS:
            yield _Need(f"keys of type {key.type!r} need", *_KEYS[type(key)], ("keys", name, "type"))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
