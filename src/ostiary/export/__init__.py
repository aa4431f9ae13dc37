"""The policy as another engine's own configuration: what it can do by itself it does, and asks about the rest.

clause.py  something that the file says, and who holds it: the engine, this gateway when it is asked, or nobody
judge/     which it is, clause by clause; a route is the engine's own only when all of it is
plan.py    what is written from: the judged policy, and where everything lies
texts.py   headers whose text is the same for every caller
report.py  the judgement, for people and for programs
envoy/     one engine: plan -> configuration

All of it is pure: values in, values out. Never silently weaker: what is in doubt is asked.
"""

from __future__ import annotations

from ostiary.export.clause import Clause, Judged
from ostiary.export.plan import Place, Plan, plan
from ostiary.export.report import document, text

__all__ = ["Clause", "Judged", "Place", "Plan", "document", "plan", "text"]
