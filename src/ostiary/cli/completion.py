"""`ostiary completion`: the completion script of a shell. It is complete in itself: no Python runs on Tab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple

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
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](list(_commands())) + "\n"


class _Command(NamedTuple):
    """What may follow the words of a command.

    Attributes:
        name: these words.
        after: commands, options and arguments.
        values: by the options that take one, the words that it can be; none: a file, or anything.
        below: the commands below it.
    """

    name: str
    after: list[str]
    values: dict[str, tuple[str, ...]]
    below: tuple[str, ...] = ()


def _commands() -> Iterator[_Command]:
    """Yield every command, the program itself first."""
    from ostiary.cli.run import command
    from ostiary.cli.table import installed

    entries = installed()
    yield _Command("", [*entries, "--help", "--version"], {})
    for name, entry in entries.items():
        if name == "help":  # explains commands as well
            yield _Command(name, [*entries, "--help", "--json"], {})
        else:
            yield from _below(name, command(entry))


def _below(name: str, command: Any) -> Iterator[_Command]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    options = [one for one in command.params if not is_argument(one)]
    names = [option for one in options for option in one.opts if option.startswith("--")]
    choices = [word for parameter in command.params if is_argument(parameter) for word in words(parameter)]
    values = {option: words(one) for one in options if not one.is_flag for option in one.opts}
    yield _Command(name, sorted({*inner, *names, *choices, "--help"}), values, tuple(inner))
    for key, below in inner.items():
        yield from _below(f"{name} {key}", below)


def _known(commands: Sequence[_Command]) -> str:
    return "|".join(f"'{one.name}'" for one in commands if one.name)


def _cases(commands: Sequence[_Command], template: str) -> str:
    """Return a case for each command: what may follow it."""
    return "\n".join(f"    '{one.name}') {template.format(' '.join(one.after))} ;;" for one in commands)


def _values(commands: Sequence[_Command], template: str) -> str:
    """Return a case for each option that takes a value: the words that it can be, or none."""
    pairs = [(f"'{one.name} {option}'", words) for one in commands for option, words in one.values.items()]
    lines = [f"    {pattern}) {template.format(' '.join(words))} ;;" for pattern, words in pairs if words]
    return "\n".join([*lines, f"    {'|'.join(pattern for pattern, words in pairs if not words)}) files=1 ;;"])


def _bash(commands: Sequence[_Command]) -> str:
    return f"""\
# bash completion for ostiary
_ostiary() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" path='' words='' files='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
      {_known(commands)}) path="${{path:+$path }}$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
{_cases(commands, "words='{}'")}
  esac
  case "$path $previous" in
{_values(commands, "words='{}'")}
  esac
  [[ -n "$files" ]] && words=''
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _ostiary ostiary"""


def _zsh(commands: Sequence[_Command]) -> str:
    return f"""\
#compdef ostiary
_ostiary() {{
  local typed='' word files=''
  local -a candidates
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "${{typed:+$typed }}$word" in
      {_known(commands)}) typed="${{typed:+$typed }}$word" ;;
      *) break ;;
    esac
  done
  case "$typed" in
{_cases(commands, "candidates=({})")}
  esac
  case "$typed ${{words[CURRENT-1]}}" in
{_values(commands, "candidates=({}); files=0")}
  esac
  [[ "$files" == 1 ]] || compadd -a candidates
  [[ "$files" == 0 ]] || _files
}}
if [[ "${{funcstack[1]}}" == _ostiary ]]; then
  _ostiary "$@"
else
  compdef _ostiary ostiary
fi"""


def _fish(commands: Sequence[_Command]) -> str:
    lines = ["# fish completion for ostiary"]
    for one in commands:
        condition = _condition(one)
        lines += [f"complete -c ostiary -n '{condition}' {_taken(word, one)}" for word in one.after]
    return "\n".join(lines)


def _condition(one: _Command) -> str:
    """Return when fish is to offer what follows a command: when it is typed, and none of those below it."""
    if not one.name:
        return "__fish_use_subcommand"
    seen = [f"__fish_seen_subcommand_from {word}" for word in one.name.split()]
    return "; and ".join([*seen, *([f"not __fish_seen_subcommand_from {' '.join(one.below)}"] if one.below else [])])


def _taken(word: str, one: _Command) -> str:
    if not word.startswith("--"):
        return f"-f -a {word}"
    values = one.values.get(word)
    taking = "" if values is None else f" -x -a '{' '.join(values)}'" if values else " -r"
    return f"-l {word.removeprefix('--')}{taking}"
