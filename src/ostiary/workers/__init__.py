"""Several processes, one gateway: a supervisor, and workers that it starts, watches, asks, and tells of news.

    supervisor --- its number, SIGHUP, SIGTERM, questions ---> worker: `ostiary serve`, on the same addresses
               <-- ready, answers, and the end of it --------

The supervisor serves nobody but operators. It looks for changes of the configuration and judges them, so that workers
only hear of good ones. A worker that dies is replaced by a spare one, which has been started and waits for its number:
most of a start is the loading of programs. A supervisor that dies lets its workers end in order.

bond.py         the worker's end of the line
worker.py       the supervisor's end
supervisor.py   who lives, who is started anew
everybody.py    how all of them are, together
ledger.py       what one of them had counted, when it is gone
keeper.py       who writes that down
"""

from __future__ import annotations

from ostiary.workers.bond import VARIABLE, Bond
from ostiary.workers.everybody import Everybody, tell
from ostiary.workers.keeper import keeping
from ostiary.workers.supervisor import Supervisor, how, pause_after

__all__ = ["VARIABLE", "Bond", "Everybody", "Supervisor", "how", "keeping", "pause_after", "tell"]
