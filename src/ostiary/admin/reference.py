"""Every metric there is, as a page: what they are called, what they mean, and by what they are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition import CHAPTERS
from ostiary.admin.view import Open, View
from ostiary.authn.verified import VerifiedTokens
from ostiary.authz.shadow import ShadowRule
from ostiary.config.load import Loaded
from ostiary.observe.access import AccessLog
from ostiary.observe.lifecycle import Lifecycle
from ostiary.observe.metrics import Metrics

_PAGE: Final = """\
# Metrics

This page is generated from the code (`make generate`). `/metrics` of the admin listener tells them, in Prometheus' text
format or as OpenMetrics; beside them `process_*`, about memory, processor and file descriptors.

Labels come from the configuration and from closed vocabularies: no caller can make their number grow. `http_route` is
the name of a route, or empty where none was found; `reason` is one of [these words](errors.md#reasons); a method that
is not one of the nine is `_OTHER`; a status of 0 means that the caller went away before there was an answer.
"""


@dataclass(frozen=True)
class _Nothing:
    """A gateway with nothing in it."""

    loaded: Loaded
    parts: tuple[object, ...] = ()
    tokens: tuple[VerifiedTokens, ...] = ()
    shadows: tuple[tuple[str, ShadowRule], ...] = ()


@dataclass(frozen=True)
class _Idle:
    gateway: _Nothing
    listeners: Mapping[str, Open] = field(default_factory=dict)


def metrics_page(loaded: Loaded) -> str:
    """Return the page.

    Args:
        loaded: any configuration; nothing of it is told.
    """
    view = View(_Idle(_Nothing(loaded)), Lifecycle(), Metrics(), AccessLog())
    families = [family for chapter in CHAPTERS for family in chapter(view)]
    return "\n".join((_PAGE, "| metric | type | labels | meaning |", "|---|---|---|---|", *_rows(families), ""))


def _rows(families: Iterable[Metric]) -> Iterator[str]:
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(f"`{label}`" for label in getattr(family, "_labelnames", ()))
        yield f"| `{name}` | {family.type} | {labels} | {family.documentation} |"
