"""A configuration as YAML: every text is quoted, because `on` and `1e3` are other things to Envoy."""

from __future__ import annotations

from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

_WIDTH: Final = 1 << 20


def dump(block: dict[str, Any]) -> str:
    """Return a document."""
    yaml = YAML(typ="rt")
    yaml.width = _WIDTH  # a text that is broken into lines cannot be found any more
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_quoted(block), out)
    return out.getvalue()


def _quoted(value: Any) -> Any:
    """Return the same, with texts that are written in quotes; keys are ours, or names of the policy."""
    if isinstance(value, dict):
        return {DoubleQuotedScalarString(key): _quoted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_quoted(one) for one in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) else value
