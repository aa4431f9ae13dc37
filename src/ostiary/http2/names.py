"""What fields are made of in HTTP/2 (RFC 9113, section 8.2). HPACK carries any octet: whoever reads heads asks here."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
"""A token in lower case (section 8.2.1)."""
VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""What may stand in a value: no line ends, no NUL (RFC 9110, section 5.5)."""
OF_CONNECTIONS: Final = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"})
"""Names that are about a connection of HTTP/1.1, and make a message malformed (section 8.2.2)."""
USUAL: Final = 64
"""Octets of a name that is worth being remembered."""
