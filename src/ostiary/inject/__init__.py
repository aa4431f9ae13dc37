"""What must the upstream see? Injectors write into the head that goes upstream.

compile.py  from what a route says to its injectors; tools.py  what they share
basic.py    Authorization: Basic        header.py  a header: a secret, or text about the caller
bearer.py   Authorization: Bearer       query.py   a parameter of the query, likewise
cookie.py   a cookie, likewise          value.py   what the two have in common
token.py    a token that an issuer gave
sigv4.py    a signature as AWS wants it
identity.py a token about the caller, signed by the gateway
custom.py   what a plug-in writes
template.py text with {principal...} in it
each.py     credentials of which each caller has another one
encoded.py  a credential's encoding, kept for as long as the credential is the same
certificate.py  the caller's certificate, as a header
trace.py    which trace a request belongs to
write.py    what may be written into a head; written.py  who writes what
replay.py   an upstream's 401: something newer is looked for, and sent once; body.py  the body, which is kept for that

Strip first, then inject: what an injector `owns` is removed from every request by the upstream room,
and whatever were still there is replaced. Nothing is ever sent half: a value that is missing or cannot
be written safely ends the request.
"""

from ostiary.inject.compile import compile_injectors
from ostiary.inject.each import EachCredential, compile_each
from ostiary.inject.replay import watched
from ostiary.inject.tools import Tools, withheld

__all__ = ["EachCredential", "Tools", "compile_each", "compile_injectors", "watched", "withheld"]
