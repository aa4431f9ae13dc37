"""Headers whose text is the same for every caller."""

from __future__ import annotations

from ostiary.config.evidence import AuthenticateSpec
from ostiary.config.injectors import BasicSpec, BearerSpec, HeaderSpec
from ostiary.inject.header import percent_encoded
from ostiary.inject.template import compile_template


def constant(spec: BasicSpec | BearerSpec | HeaderSpec, authenticate: AuthenticateSpec) -> str | None:
    """Return what a header always says, or None when that depends on the caller or the request.

    Where nobody is authenticated, everybody has one name.
    """
    text = getattr(spec, "value", None)
    if text is None:
        return None
    nobody = authenticate.anonymous
    known = {} if nobody is None else {"principal.subject": nobody.subject, "principal.method": "anonymous"}
    parts = compile_template(text).parts
    filled = [part if isinstance(part, str) else known.get(part.name) for part in parts]
    written = [
        one if isinstance(part, str) or one is None else percent_encoded(one)
        for part, one in zip(parts, filled, strict=True)
    ]
    said = [one for one in written if one is not None]
    whole = "".join(said)
    return whole if len(said) == len(written) and whole and whole == whole.strip() else None
