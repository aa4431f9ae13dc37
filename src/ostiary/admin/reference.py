"""Every metric there is, as a page: what they are called, what they mean, and by what they are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition import CHAPTERS
from ostiary.admin.exposition.together import join_of
from ostiary.admin.view import Idle, Nothing, View
from ostiary.config.loaded import Loaded
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

Of several workers (`ostiary serve --workers`) there is one page. Counters and histograms are added up, and do not fall
when a worker dies: of requests what it had counted a quarter of a second before counts on, of the rest a second before.
Of a gauge the worse value is told, or the sum where it is a number of things. `process_*` stand there for each process,
by the label `worker`; 0 is the supervisor.
"""


def metrics_page(loaded: Loaded) -> str:
    """Return the page.

    Args:
        loaded: any configuration; nothing of it is told.
    """
    view = View(Idle(Nothing(loaded)), Lifecycle(), Metrics(), AccessLog())
    families = [family for chapter in CHAPTERS for family in chapter(view)]
    head = ("| metric | type | of several workers | labels | meaning |", "|---|---|---|---|---|")
    return "\n".join((_PAGE, *head, *_rows(families), ""))


def _rows(families: Iterable[Metric]) -> Iterator[str]:
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = ", ".join(f"`{label}`" for label in getattr(family, "_labelnames", ()))
        yield f"| `{name}` | {family.type} | {_together(family)} | {labels} | {family.documentation} |"


def _together(family: Metric) -> str:
    """Return what stands for several workers."""
    join = join_of(family)
    return "the smallest" if join is min else "the largest" if join is max else "the sum"
