"""What lies behind a reason, for the operator: the cause, and what to do. The caller never sees these."""

from __future__ import annotations

from typing import Final

from ostiary.cli.reasons.certificate import CERTIFICATE
from ostiary.cli.reasons.gateway import GATEWAY
from ostiary.cli.reasons.request import REQUEST
from ostiary.cli.reasons.rights import RIGHTS
from ostiary.cli.reasons.token import TOKEN
from ostiary.cli.reasons.upstream import UPSTREAM
from ostiary.reasons import Reason

CAUSES: Final[dict[Reason, tuple[str, str]]] = {
    **REQUEST,
    **CERTIFICATE,
    **TOKEN,
    **RIGHTS,
    **UPSTREAM,
    **GATEWAY,
}
"""By reason: the cause, and what to do."""
