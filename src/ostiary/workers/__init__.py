"""Several processes, one gateway: a supervisor, and workers that it starts, watches, asks, and tells of news.

    supervisor --- its number, SIGHUP, SIGTERM, questions ---> worker: `ostiary serve`, on the same addresses
               <-- ready, answers, and the end of it --------

The supervisor serves nobody but operators. It looks for changes of the configuration and judges them, so that workers
only hear of good ones, and take up what it has read. Workers are copied (fork(2)) from one process that has loaded the
programs and does nothing else: what they never write they share, and a start takes a moment. A worker that dies is
replaced by a spare one, which waits for its number. A supervisor that dies lets its workers end in order.

forkserver.py   the process that workers are copied from
template.py     the same, as the supervisor sees it
channel.py      the worker's end of the line
worker.py       the supervisor's end
configuration.py  the configuration that the supervisor has read
supervisor.py   who lives, who is started anew
aggregate.py    how all of them are, together
ledger.py       what one of them had counted, when it is gone
keeper.py       who writes that down
"""

from __future__ import annotations

from ostiary.workers.aggregate import Aggregate, tell
from ostiary.workers.channel import Channel
from ostiary.workers.forkserver import copied, line_of
from ostiary.workers.keeper import keeping
from ostiary.workers.supervisor import Supervisor, how, pause_after

__all__ = ["Aggregate", "Channel", "Supervisor", "copied", "how", "keeping", "line_of", "pause_after", "tell"]
