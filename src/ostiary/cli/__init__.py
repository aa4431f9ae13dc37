"""The command line: arguments in, exit code out, no logic.

table.py     every command, by name, and where its code is; nothing is imported to list them
run.py       find the command, run it, turn whatever it ends with into an exit code
streams.py   standard streams that are closed, full, or write less than Unicode
frame.py     what a command is written with: fail, emit, say, the common options
terminal.py  colour and line drawing: only where they can be read
helped.py    the help of a command; examples.py  how each looks when somebody types it; parameters.py  what they take
reading.py   text of others, in files or on standard input
report.py    what is written down when we are the ones who failed

To add a command: write a module with one function that Typer understands (or a `frame.group`), and
give it a line in `table.py`, and one in `examples.py` that shows it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see `ostiary`

if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process, and exit with its code."""
    import signal
    import sys

    try:
        from ostiary.cli.run import run
        from ostiary.cli.streams import mend

        mend()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # wherever it comes, while we import as well
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing left to interrupt that could say so
    sys.exit(code)
