"""What granian is told to serve: it imports an application by its name, in a process of its own."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests.support.inside_servers import starlette

app: Any = starlette(cast("Any", SimpleNamespace(file=Path(os.environ["OSTIARY_CONFIG"]))))
