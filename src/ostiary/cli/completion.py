"""`ostiary completion`: the completion script of a shell. It is complete in itself: no Python runs on Tab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer

from ostiary.cli.parameters import is_argument, words

Shell = Literal["bash", "zsh", "fish"]


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="Whose script: bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell.

    For bash: `ostiary completion bash > ~/.local/share/bash-completion/completions/ostiary`. For zsh: a file
    `_ostiary` in a folder of $fpath. For fish: ~/.config/fish/completions/ostiary.fish.
    """
    print(script(shell), end="")


def script(shell: Shell) -> str:
    """Return the completion script of a shell."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](dict(_words())) + "\n"


def _words() -> Iterator[tuple[str, list[str]]]:
    """Return what may follow each command, by the command's words."""
    from ostiary.cli.run import command
    from ostiary.cli.table import installed

    entries = installed()
    yield "", [*entries, "--help", "--version"]
    for name, entry in entries.items():
        yield from _below(name, command(entry))
    yield "help", [*entries, "--help", "--json"]


def _below(name: str, command: Any) -> Iterator[tuple[str, list[str]]]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
    choices = [word for parameter in command.params if is_argument(parameter) for word in words(parameter)]
    yield name, sorted({*inner, *options, *choices, "--help"})
    for key, below in inner.items():
        yield from _below(f"{name} {key}", below)


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f"    '{name}') words='{' '.join(after)}' ;;" for name, after in words.items())
    return f"""\
# bash completion for ostiary
_ostiary() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path='' words='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    [[ "$word" == -* ]] && break
    path="${{path:+$path }}$word"
  done
  case "$path" in
{cases}
    *) words='' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _ostiary ostiary"""


def _zsh(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f"    '{name}') candidates=({' '.join(after)}) ;;" for name, after in words.items())
    return f"""\
#compdef ostiary
_ostiary() {{
  local typed='' word
  local -a candidates
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    [[ "$word" == -* ]] && break
    typed="${{typed:+$typed }}$word"
  done
  case "$typed" in
{cases}
  esac
  compadd -a candidates
  _files
}}
compdef _ostiary ostiary"""


def _fish(words: dict[str, list[str]]) -> str:
    lines = ["# fish completion for ostiary"]
    for name, after in words.items():
        seen = " ".join(f"__fish_seen_subcommand_from {word};and" for word in name.split()).removesuffix(";and")
        condition = seen.replace(";and", "; and") if name else "__fish_use_subcommand"
        for word in after:
            kind = f"-l {word.removeprefix('--')}" if word.startswith("--") else f"-f -a {word}"
            lines.append(f"complete -c ostiary -n '{condition}' {kind}")
    return "\n".join(lines)
