"""Find the command, run it, turn whatever it ends with into an exit code. The one place for those."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ostiary.cli.table import Entry, installed
from ostiary.config.nearest import nearest

if TYPE_CHECKING:
    from ostiary.cli.frame import Failure


def run(arguments: Sequence[str]) -> int:
    """Run one command line, without the program's name. Return the exit code; nothing is raised."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _had_enough()
    except SystemExit as left:  # Typer's way to end on a broken pipe
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        return _had_enough() if isinstance(left.__context__, BrokenPipeError) else code
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the outermost place: every end gets its exit code
        from ostiary.cli.endings import failure

        name = arguments[0] if arguments else "help"
        return _tell(failure(name, error), as_json=_wants_json(arguments))
    return code


def _run(arguments: Sequence[str]) -> int:
    """Show the screen, or call a command; raise whatever it ends with."""
    name, *rest = arguments or ["--help"]
    if name in ("--help", "-h") or list(arguments) == ["help"]:
        from ostiary.cli.screen import screen

        print(screen())
        return 0
    if name == "--version":
        name = "version"
    if name == "help" and rest[0] in installed():  # `help vault put`, as other programs have it
        name, rest = rest[0], [*rest[1:], "--help"]
    return _call(name, rest)


def _had_enough() -> int:
    """The reader of our output has closed it. No word is lost on that, but it was not a yes either.

    Returns:
        What a shell says of a program that SIGPIPE has ended.
    """
    from ostiary.cli.streams import give_up

    give_up(1)
    return 128 + 13


def _call(name: str, arguments: Sequence[str]) -> int:
    """Import the command's module and hand the arguments to Typer."""
    result = command(_entry(name)).main(args=list(arguments), prog_name=f"ostiary {name}", standalone_mode=False)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def command(entry: Entry) -> Any:
    """Return the command of an entry, ready to be called; this imports its module."""
    import typer.main

    from ostiary.cli.frame import group
    from ostiary.cli.helped import helped

    module, _, attribute = entry.where.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return helped(entry.name, typer.main.get_command(found))
    app = group(entry.summary)
    app.command()(found)
    return helped(entry.name, typer.main.get_command(app))


def _entry(name: str) -> Entry:
    """Return the entry of a command.

    Raises:
        Failure: there is no such command.
    """
    known = installed()
    if name not in known:
        from ostiary.cli.frame import Exit, fail

        guess = nearest(name, known)
        hint = f"did you mean `{guess}`?" if guess else "`ostiary --help` lists the commands"
        fail("usage", f"there is no command {name!r}", hint=hint, exit_code=Exit.USAGE)
    return known[name]


def _wants_json(arguments: Sequence[str]) -> bool:
    head = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in head


def _tell(failure: Failure, *, as_json: bool) -> int:
    """Say how a command failed: a document on stdout, or words on stderr. Return the exit code."""
    from ostiary.cli.frame import emit
    from ostiary.cli.streams import give_up, told

    if as_json:
        try:
            emit(failure.as_json())
            sys.stdout.flush()
        except OSError:  # a full disk: then at least people are told
            give_up(1)
        else:
            return int(failure.exit_code)
    told(*_words(failure))
    return int(failure.exit_code)


def _words(failure: Failure) -> Iterator[str]:
    from ostiary.cli.terminal import harmless, writable

    if failure.text:
        yield writable(failure.text, sys.stderr)
        return
    yield harmless(f"error: {failure.message}" + (f" ({failure.where})" if failure.where else ""))
    if failure.hint:
        yield harmless(f"  help: {failure.hint}")
