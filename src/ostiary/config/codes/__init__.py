"""Every code of a problem, with what `ostiary help` says of it.

C1xx shape, C2xx references, C3xx meaning, C4xx safety (warnings), C5xx environment. A code that has been
released keeps its meaning; one that is taken out is never used again.
"""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code
from ostiary.config.codes.decisions import DECISIONS
from ostiary.config.codes.environment import ENVIRONMENT
from ostiary.config.codes.evidence import EVIDENCE
from ostiary.config.codes.injectors import INJECTORS
from ostiary.config.codes.keys import KEYS
from ostiary.config.codes.meaning import MEANING
from ostiary.config.codes.references import REFERENCES
from ostiary.config.codes.rewriting import REWRITING
from ostiary.config.codes.safety import SAFETY
from ostiary.config.codes.shape import SHAPE
from ostiary.config.codes.shared import SHARED
from ostiary.config.codes.values import VALUES
from ostiary.config.codes.vaults import VAULTS

CODES: Final = {
    code.name: code
    for code in (
        *SHAPE,
        *VALUES,
        *REFERENCES,
        *MEANING,
        *DECISIONS,
        *EVIDENCE,
        *INJECTORS,
        *REWRITING,
        *VAULTS,
        *KEYS,
        *SHARED,
        *SAFETY,
        *ENVIRONMENT,
    )
}

__all__ = ["CODES", "Code"]
