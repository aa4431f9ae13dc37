"""What several gateways know together, kept by Redis (docs/shared-state.md).

link.py        the one line of a process to Redis: up, away, up again
connection.py  redis-py, and whether a server can be believed
marks.py       what was used once, anywhere
entry.py       what is revoked, as values
revocations.py the list of it, and the copy that answers
pace.py        how often somebody may ask: a pure function
rates.py       counting here, or by leases for all gateways
diagnosis.py   what `ostiary doctor` finds wrong with it
compile.py     from the configuration to all of it

Redis is never asked on the path of an ordinary request, only where something counts once.
"""

from __future__ import annotations

from ostiary.shared.compile import Shared, compile_shared, counter
from ostiary.shared.link import Link
from ostiary.shared.marks import Marks
from ostiary.shared.revocations import Revocations

__all__ = ["Link", "Marks", "Revocations", "Shared", "compile_shared", "counter"]
