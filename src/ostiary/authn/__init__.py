"""Who is calling?

    evidence -> Principal | None ("none of my kind here") | raise ("mine, and bad": final)

compile.py    specs -> the composed authenticators of a route
compose.py    any: the first whose evidence is there; all: every one
mtls.py       a TLS client certificate; names.py  which of its names counts
jwt.py        a signed bearer token, in the order of the steps below
bearer.py       where it stands (RFC 6750)
compact.py      taking it apart (RFC 7515)
signature.py    whether the issuer signed it
claims.py       whether it is for us, and for now (RFC 7519)
bound.py        whether it belongs to this connection (RFC 8705)
verified.py     tokens that were judged before
anonymous.py  nobody in particular
"""

from ostiary.authn.compile import compile_authenticators

__all__ = ["compile_authenticators"]
