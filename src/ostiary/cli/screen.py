"""The help screen: every command, grouped, on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.cli.table import GROUPS, installed

EXIT_CODES = """\
Exit codes
  0 yes, fine   1 the answer is no   2 wrong usage   3 cannot find out   4 our bug   130 interrupted
"""


def screen() -> str:
    """Return the help of the whole command line."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "Usage: ostiary COMMAND [OPTIONS] [ARGUMENTS]"
    yield ""
    yield "  An async authentication gateway for services that cannot protect themselves."
    yield ""
    commands = installed().values()
    width = max(len(entry.name) for entry in commands)
    for group in GROUPS:
        members = [entry for entry in commands if entry.group == group]
        if members:
            yield group
            yield from (f"  {entry.name:<{width}}  {entry.summary}" for entry in members)
            yield ""
    yield EXIT_CODES
    yield "`ostiary COMMAND --help` says more. OSTIARY_CONFIG names the configuration file, NO_COLOR takes the"
    yield "colours away, `--json` prints one document for programs, `--version` the version."
