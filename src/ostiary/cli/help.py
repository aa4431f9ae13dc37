"""`ostiary help`: what a code or a reason means, offline."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

import typer

from ostiary.cli.frame import Exit, Json, emit, fail


def help_(
    word: Annotated[str, typer.Argument(metavar="CODE|REASON", help="C204, or token.expired.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Explain a code of `ostiary check`, or a reason of the log and the problem documents.

    `ostiary help COMMAND` shows the help of a command.
    """
    if not word:
        _list(as_json=as_json)
        return
    entry = _code(word) or _reason(word) or _finding(word)
    if entry is None:
        _unknown(word)
    if as_json:
        emit(entry)
    else:
        from ostiary.cli.terminal import show

        show(_text(entry))


def _code(word: str) -> dict[str, Any] | None:
    from ostiary.config.codes import CODES

    code = CODES.get(word.upper())
    return None if code is None else {"kind": "code", **code._asdict()}


def _finding(word: str) -> dict[str, Any] | None:
    from ostiary.pki.diagnosis.codes import CODES

    code = CODES.get(word.upper())
    if code is None:
        return None
    return {"kind": "finding", "name": code.name, "group": code.group, "severity": code.severity, "text": code.text}


def _reason(word: str) -> dict[str, Any] | None:
    from ostiary.cli.reasons import CAUSES
    from ostiary.reasons import Reason

    found = next((reason for reason in Reason if str(reason) == word.lower()), None)
    if found is None:
        return None
    cause, remedy = CAUSES.get(found, (found.public, ""))
    return {"kind": "reason", "name": str(found), "told": found.public, "cause": cause, "remedy": remedy}


def _unknown(word: str) -> NoReturn:
    from ostiary.config.codes import CODES
    from ostiary.config.nearest import nearest
    from ostiary.reasons import Reason

    guess = nearest(word, [*CODES, *(str(reason) for reason in Reason)])
    hint = f"did you mean `{guess}`?" if guess else "`ostiary help --json` lists the codes and reasons"
    fail("help.unknown", f"{word!r} is neither a code nor a reason", hint=hint, exit_code=Exit.USAGE)


def _list(*, as_json: bool) -> None:
    from ostiary.config.codes import CODES
    from ostiary.pki.diagnosis.codes import CODES as FINDINGS
    from ostiary.reasons import Reason

    if as_json:
        emit({"codes": sorted(CODES), "reasons": [str(reason) for reason in Reason], "findings": list(FINDINGS)})
        return
    for code in sorted(CODES.values()):
        print(f"{code.name}  {code.title}")
    for reason in Reason:
        print(f"{reason}  {reason.public}")
    for finding in FINDINGS.values():
        print(f"{finding.name}  {finding.text}")


def _text(entry: dict[str, Any]) -> str:
    if entry["kind"] == "finding":
        return f"{entry['name']}: {entry['severity']} of `ostiary doctor`, group {entry['group']}\n\n  {entry['text']}"
    if entry["kind"] == "reason":
        return (
            f"{entry['name']}\n\n  {entry['cause']}\n\nThe caller is told\n  {entry['told']}\n\n"
            f"What to do\n  {entry['remedy']}"
        )
    wrong, right = _indented(entry["wrong"]), _indented(entry["right"])
    return (
        f"{entry['name']}: {entry['title']}\n\n{_indented(_wrapped(entry['text']))}\n\nWrong\n{wrong}\n\nRight\n{right}"
    )


def _wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 96)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
