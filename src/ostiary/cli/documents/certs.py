"""Documents of the commands about certificates."""

from __future__ import annotations

from typing import Final

from ostiary.cli.documents.words import MOMENT, TEXT, WHOLE, Schema, block, perhaps, several, word

_ISSUED: Final = block({"subject": TEXT, "serial": TEXT, "not_after": MOMENT, "certificate": TEXT}, crl=TEXT, key=TEXT)
_LISTED: Final = block(
    {
        "serial": TEXT,
        "subject": TEXT,
        "names": several(TEXT),
        "state": word("valid", "expired", "revoked"),
        "not_after": MOMENT,
        "revoked": perhaps(MOMENT),
        "reason": perhaps(TEXT),
        "fingerprint": TEXT,
    }
)
_SHOWN: Final = {"type": "object", "properties": {"kind": TEXT, "subject": TEXT}, "required": ["kind"]}
_ENDING: Final = block(
    {
        "file": TEXT,
        "kind": word("certificate", "revocation list"),
        "name": TEXT,
        "ends": MOMENT,
        "days": {"type": "integer"},
        "state": word("good", "soon", "ended"),
    }
)
_LIST: Final = {"crl": TEXT, "number": WHOLE}

CERTS: Final[dict[str, Schema]] = {
    "certs ca": _ISSUED,
    "certs request": block({"key": TEXT, "request": TEXT, "subject": TEXT}),
    "certs sign": _ISSUED,
    "certs revoke": block({"serial": TEXT, **_LIST}),
    "certs crl": block(_LIST),
    "certs list": several(_LISTED),
    "certs inspect": several(_SHOWN),
    "certs check": several(_ENDING),
}
