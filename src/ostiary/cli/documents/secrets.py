"""Documents of the commands that keep secrets. None of them holds one, but those that were asked for it."""

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

_CHANGED: Final = block({"alias": TEXT, "vault": TEXT, "path": TEXT, "versions": several(WHOLE)})
_STATE: Final = word("enabled", "disabled", "destroyed")
_VERSION: Final = block({"version": WHOLE, "state": _STATE, "created": MOMENT})
_TESTED: Final = block(
    {"alias": TEXT, "vault": TEXT, "type": TEXT, "path": TEXT},
    age=perhaps(NUMBER),
    expires=perhaps(NUMBER),
    version=perhaps(TEXT),
    id=YES_NO,
    took=NUMBER,
    error=block({"reason": TEXT, "detail": TEXT}),
)
_MADE: Final = block({"key": TEXT, "version": WHOLE, "kid": TEXT, "not_before": MOMENT})
_TURNED: Final = block({"key": TEXT, "versions": several(WHOLE), "state": _STATE})
_RING: Final = block(
    {
        "key": TEXT,
        "vault": perhaps(TEXT),
        "problem": perhaps(TEXT),
        "versions": several(
            block(
                {
                    "version": WHOLE,
                    "state": _STATE,
                    "role": perhaps(TEXT),
                    "algorithm": perhaps(TEXT),
                    "kid": perhaps(TEXT),
                    "not_before": perhaps(MOMENT),
                    "not_after": perhaps(MOMENT),
                    "certificate": perhaps(either(TEXT, ANYTHING)),
                }
            )
        ),
    }
)
_REVOKED: Final = {
    "id": TEXT,
    "kind": word("token", "subject", "certificate", "serial"),
    "made": MOMENT,
    "until": MOMENT,
    "before": perhaps(MOMENT),
    "note": TEXT,
}
_TRUSTED: Final = block({"subject": TEXT, "not_after": MOMENT, "sha256": TEXT})

SECRETS: Final[dict[str, Schema]] = {
    "token key": block({"key": TEXT, "digest": TEXT}),
    "token digest": block({"digest": TEXT}),
    "token password": block({"hash": TEXT}),
    "token show": block({"verified": {"const": False}, "header": ANYTHING, "claims": ANYTHING}),
    **{f"vault {name}": _CHANGED for name in ("put", "rotate", "enable", "disable", "destroy")},
    "vault get": block(
        {
            "alias": TEXT,
            "vault": TEXT,
            "path": TEXT,
            "version": WHOLE,
            "created": MOMENT,
            "id": perhaps(TEXT),
            "secret": perhaps(TEXT),
        }
    ),
    "vault list": several(block({"path": TEXT, "versions": several(_VERSION)})),
    "vault test": several(_TESTED),
    "vault key": either(block({"master_key": TEXT}), block({"written": TEXT})),
    "vault rekey": block({"vault": TEXT, "master_key_id": TEXT, "data_keys": WHOLE}),
    **{f"keys {name}": _MADE for name in ("generate", "import", "rotate")},
    **{f"keys {name}": _TURNED for name in ("enable", "disable", "destroy")},
    **{f"revoke {name}": block({**_REVOKED, "version": WHOLE}) for name in ("token", "subject", "certificate")},
    "revoke list": several(block(_REVOKED)),
    "revoke undo": block({"id": TEXT, "version": WHOLE}),
    "keys list": several(_RING),
    "keys trust": block({"written": TEXT, "certificates": several(_TRUSTED)}),
}
