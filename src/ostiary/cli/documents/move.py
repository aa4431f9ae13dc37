"""Documents of the commands for those who come from elsewhere."""

from __future__ import annotations

from typing import Final

from ostiary.cli.documents.words import ANYTHING, TEXT, Schema, block, several

MOVE: Final[dict[str, Schema]] = {
    "import cosmian": block({"configuration": ANYTHING, "notes": several(TEXT)}),
    "schema": {"type": "object", "required": ["$schema"]},
}
