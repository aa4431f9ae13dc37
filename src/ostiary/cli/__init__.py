"""The command line: arguments in, exit code out, no logic.

table.py     every command, by name, and where its code is; nothing is imported to list them
run.py       find the command, run it, turn whatever it ends with into an exit code
frame.py     what a command is written with: fail, emit, say, the common options
terminal.py  colour and line drawing: only where they can be read
report.py    what is written down when we are the ones who failed

To add a command: write a module with one function that Typer understands (or a `frame.group`), and
give it a line in `table.py`.
"""

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process, and exit with its code."""
    import sys

    from ostiary.cli.run import run

    sys.exit(run(sys.argv[1:]))
