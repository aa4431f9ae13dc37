"""Is there what the file points at, and is it what it should be?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ostiary.config.checks import backends, identity, keys, local, trust, vaults
from ostiary.config.checks.outside import Findings
from ostiary.config.draft import Draft
from ostiary.config.problem import Problem


def present(draft: Draft, now: float, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Find what is not there, cannot be read, does not fit together, or has expired.

    Args:
        draft: the file.
        now: seconds since the epoch.
        environ: the environment.
    """
    findings = Findings(draft, now, environ)
    yield from findings.read()
    yield from identity.identities(findings)
    yield from trust.authorities(findings)
    yield from trust.revocation(findings)
    yield from keys.of_issuers(findings)
    yield from vaults.local(findings)
    yield from backends.folders(findings)
    yield from local.accounts(draft)
