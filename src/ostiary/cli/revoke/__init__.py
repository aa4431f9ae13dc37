"""`ostiary revoke`: refuse a token, a subject's tokens, or a certificate at every gateway; take that back; list.

change.py  revoke, and take it back
place.py   the list in Redis, opened as a gateway would
"""

from __future__ import annotations

from ostiary.cli.frame import group
from ostiary.cli.revoke.change import certificate, listed, subject, token, undo

app = group("Refuse tokens, subjects and certificates at every gateway.")
app.command("token")(token)
app.command("subject")(subject)
app.command("certificate")(certificate)
app.command("list")(listed)
app.command("undo")(undo)
