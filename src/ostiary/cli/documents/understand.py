"""Documents of the commands that look, and of those that fail."""

from __future__ import annotations

from typing import Final

from ostiary.cli.documents.words import (
    ANYTHING,
    MOMENT,
    NUMBER,
    TEXT,
    WHOLE,
    YES_NO,
    Schema,
    block,
    either,
    perhaps,
    several,
    word,
)

_PLACE: Final = {name: perhaps(WHOLE) for name in ("line", "column", "width")}
_FACTS: Final = ("help", "note", "allowed", "known", "example", "first", "opened", "file", "others")
_PROBLEM: Final = {
    **block(
        {
            "code": TEXT,
            "severity": word("error", "warning"),
            "message": TEXT,
            "file": TEXT,
            **_PLACE,
            "at": TEXT,
            "suggestion": perhaps(TEXT),
        },
        **dict.fromkeys(_FACTS, TEXT),
    ),
    "additionalProperties": TEXT,  # further facts, each a line of text
}
_CHECK: Final = block(
    {
        "file": TEXT,
        "overlays": several(TEXT),
        "ok": YES_NO,
        "errors": WHOLE,
        "warnings": WHOLE,
        "problems": several(_PROBLEM),
    }
)

ERROR: Final[Schema] = block(
    {"error": block({"code": TEXT, "message": TEXT, "hint": TEXT, "where": TEXT}, details=either(_CHECK, ANYTHING))}
)
"""What every command prints when it fails: a stable code, what is the matter, what to do, and where."""

_PRINCIPAL: Final = block(
    {
        "subject": TEXT,
        "issuer": TEXT,
        "method": TEXT,
        "tenant": perhaps(TEXT),
        "environment": perhaps(TEXT),
    },
    claims=ANYTHING,
)
_EXPLAINED: Final = block(
    {
        "verdict": word("allow", "deny", "unknown"),
        "status": perhaps(WHOLE),
        "reason": TEXT,
        "route": perhaps(TEXT),
        "at": MOMENT,
        "principal": perhaps(_PRINCIPAL),
        "steps": several(
            block(
                {
                    "step": word("route", "authenticate", "authorize", "inject", "forward"),
                    "what": TEXT,
                    "verdict": word("yes", "no", "pass", "unknown"),
                    "text": TEXT,
                    "where": TEXT,
                }
            )
        ),
        "to_allow": TEXT,
    }
)
_REMEMBERED: Final = block({"request": ANYTHING, "cause": TEXT, "to_allow": TEXT})
_STEP: Final = block({"step": TEXT, "verdict": word("yes", "no", "look", "unknown"), "text": TEXT, "help": TEXT})
_FINDING: Final = block(
    dict.fromkeys(("code", "severity", "group", "where", "about", "message", "detail", "remedy"), TEXT)
)
_HELP: Final = either(
    block({name: several(TEXT) for name in ("codes", "reasons", "findings")}),
    block({"kind": word("code"), **dict.fromkeys(("name", "title", "text", "wrong", "right"), TEXT)}),
    block({"kind": word("reason"), **dict.fromkeys(("name", "told", "cause", "remedy"), TEXT)}),
    block({"kind": word("finding"), **dict.fromkeys(("name", "group", "severity", "text"), TEXT)}),
)
_AUDIT: Final = block(
    {
        "whole": YES_NO,
        "lines": WHOLE,
        "first_names": TEXT,
        "last": block({"sequence": WHOLE, "digest": TEXT}),
        "faults": several(block({"line": WHOLE, "what": TEXT})),
    }
)
_LIBRARIES: Final = ("cryptography", "uvloop", "httptools", "pyjwt", "pydantic")
_DEMO: Final = block({"ok": YES_NO, "client": TEXT, "steps": several({"type": "object", "required": ["differs"]})})

_COUNT: Final = {"requests": NUMBER, "2xx": NUMBER, "3xx": NUMBER, "4xx": NUMBER, "5xx": NUMBER}
_PART: Final = block({"kind": TEXT, "name": TEXT, "condition": TEXT, "reason": perhaps(TEXT)})
_STATUS: Final = block(
    {
        "version": TEXT,
        "state": word("starting", "ready", "draining"),
        "at": NUMBER,
        "started": perhaps(NUMBER),
        "configuration": block(
            {"file": TEXT, "digest": TEXT, "read": perhaps(NUMBER), "last_change_taken": YES_NO},
        ),
        "degraded": several(_PART),
        "workers": several(block({"number": WHOLE, "pid": WHOLE, "state": perhaps(TEXT), "digest": TEXT})),
        "requests": block(dict.fromkeys(("allow", "deny", "error", "under_way", "connections"), NUMBER)),
        "refused": several(block({"reason": TEXT, "count": NUMBER})),
        "routes": several(block({"name": TEXT, "match": perhaps(ANYTHING), **_COUNT, "p99_seconds": perhaps(NUMBER)})),
        **{name: several(ANYTHING) for name in ("issuers", "credentials", "keys", "upstreams", "certificates")},
    }
)

UNDERSTAND: Final[dict[str, Schema]] = {
    "check": _CHECK,
    "explain": either(_EXPLAINED, _REMEMBERED),
    "doctor": several(_FINDING),
    "status": _STATUS,
    "issuer check": block({"issuer": TEXT, "ok": YES_NO, "steps": several(_STEP)}),
    "help": _HELP,
    "version": block(dict.fromkeys(("ostiary", "python", "openssl", "platform", "extras", *_LIBRARIES), TEXT)),
    "audit verify": _AUDIT,
    "demo": _DEMO,
}
