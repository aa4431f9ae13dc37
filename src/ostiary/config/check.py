"""What a single field cannot know. Offline: nothing is fetched from anywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ostiary.config.checks import (
    credentials,
    decisions,
    files,
    inject,
    issuers,
    listeners,
    names,
    policy,
    rewriting,
    routes,
    safety,
    upstreams,
    vaults,
)
from ostiary.config.checks.backends import accounts, circles, pins
from ostiary.config.checks.engines import engines, logins, shown
from ostiary.config.checks.extras import extras
from ostiary.config.checks.rings import rings_beside, rings_kept, rings_known, rings_shown, rings_signing
from ostiary.config.draft import Draft
from ostiary.config.problem import Problem, in_order

if TYPE_CHECKING:
    from ostiary.config.loaded import Loaded

_QUESTIONS: Final[tuple[Callable[[Draft], Iterator[Problem]], ...]] = (
    names.dangling,
    names.unused,
    routes.repeated,
    routes.colliding,
    policy.owners,
    policy.patterns,
    policy.possible,
    inject.owners,
    inject.templates,
    inject.plugins,
    credentials.lives,
    listeners.addresses,
    listeners.evidence,
    decisions.partial,
    rewriting.rewritten,
    upstreams.changing,
    issuers.fitting,
    issuers.fetchable,
    issuers.distinct,
    vaults.paths,
    engines,
    logins,
    shown,
    credentials.paths,
    credentials.users,
    credentials.bound,
    credentials.signatures,
    rings_kept,
    rings_known,
    rings_signing,
    rings_beside,
    rings_shown,
    circles,
    accounts,
    extras,
    pins,
    safety.doubtful,
)


def check(loaded: Loaded, *, now: float | None = None, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Return everything that is wrong with a file whose fields are right, sorted by position.

    Args:
        loaded: the file.
        now: seconds since the epoch, for the dates of certificates; by default this moment.
        environ: the environment; by default this process's.
    """
    problems = check_draft(
        loaded.draft, time.time() if now is None else now, os.environ if environ is None else environ
    )
    return in_order(problems)


def check_draft(draft: Draft, now: float, environ: Mapping[str, str]) -> list[Problem]:
    """Return what is wrong with the sound part of a file."""
    problems = [problem for question in _QUESTIONS for problem in question(draft)]
    return [*problems, *files.present(draft, now, environ)]
