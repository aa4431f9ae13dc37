"""Documents of the commands for those who come from elsewhere."""

from __future__ import annotations

from typing import Final

from ostiary.cli.documents.words import ANYTHING, TEXT, YES_NO, Schema, block, perhaps, several, word

_HOW: Final = word("native", "asked", "impossible")
_HELD: Final = block({"clause": TEXT, "how": _HOW, "why": TEXT})
_ROUTE: Final = block({"route": TEXT, "how": _HOW, "clauses": several(_HELD)})

MOVE: Final[dict[str, Schema]] = {
    "import cosmian": block({"configuration": ANYTHING, "notes": several(TEXT)}),
    "export envoy": block(
        {
            "listener": TEXT,
            "asked": perhaps(TEXT),
            "ok": YES_NO,
            "routes": several(_ROUTE),
            "around": several(_HELD),
            "refused": several(_HELD),
        }
    ),
    "init": block({"folder": TEXT, "files": several(TEXT)}),
    "schema": {"type": "object", "required": ["$schema"]},
}
