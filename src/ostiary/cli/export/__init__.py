"""`ostiary export`: the policy as another engine's own configuration.

envoy.py   the command
judged.py  from a file to the judged policy
place.py   files that are written by renaming
watch.py   credentials, kept in files for as long as it runs
"""

from __future__ import annotations

from ostiary.cli.export.envoy import envoy
from ostiary.cli.frame import group

app = group("Write the policy as another engine's own configuration.")
app.command()(envoy)


@app.callback()
def _several() -> None:
    """One engine is known, and more may be: its name stays."""
