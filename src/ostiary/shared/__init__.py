"""What several gateways know together, kept by Redis (docs/shared-state.md).

link.py        the one line of a process to Redis: up, away, up again
question.py    what travels on it
connecting.py  who logs in, and where
sentinel.py    which of several servers is the master
connection.py  whether a server can be believed
wire.py        redis-py's connections
subscriptions.py  lines on which servers say something of their own
marks.py       what was used once, anywhere
entry.py       what is revoked, as values
shelf.py       the list of it in Redis
revocations.py the copy of it that answers
tracking.py    hears when the list changes
store.py       the copy on disk
gcra.py        how often somebody may ask: a pure function
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
