"""The client certificate as a header, in the words of each proxy: out and in.

    Shown(leaf, chain)  <->  {header: value}

dialects.py   every dialect: its headers, how it writes, how it reads
shown.py      what a header shows, or why it shows nothing
encodings.py  base64, PEM, percent-encoding: the few ways in which octets become a header value
xfcc.py       Envoy's x-forwarded-client-cert

All of it is pure, and nothing here decides whether a certificate may be believed.
"""

from ostiary.pki.dialect.dialects import DIALECTS, Dialect, Style
from ostiary.pki.dialect.shown import NotUnderstood, Shown

__all__ = ["DIALECTS", "Dialect", "NotUnderstood", "Shown", "Style"]
