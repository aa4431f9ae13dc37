"""Who is calling?

    evidence -> Principal | None ("none of my kind here") | raise ("mine, and bad": final)

compile.py    specs -> the composed authenticators of a route
compose.py    any: the first whose evidence is there; all: every one
identity.py   whom certificates stand for, where the configuration says it
mtls.py       a TLS client certificate
jwt.py        a signed bearer token, in the order of the steps below
bearer.py       where it stands (RFC 6750)
envelope.py     opening it, where it is encrypted (RFC 7516)
compact.py      taking it apart (RFC 7515)
choice.py       whose it is
signature.py    whether the issuer signed it
claims.py       whether it is for us, and for now (RFC 7519)
bound.py        whether it belongs to this connection (RFC 8705)
dpop.py         whether whoever shows it has its key (RFC 9449)
verified.py     tokens that were judged before
single_use.py   tokens that count for one request only
replay.py       what was used already, here and at other gateways; memory.py  at every process of this one
introspection.py  an opaque bearer token (RFC 7662); ask.py  asking its issuer
api_key.py    a key that was handed out; key_form.py  where it stands
password.py   a user name and a password (RFC 7617)
anonymous.py  nobody in particular
rate.py       whoever is proven may ask so often
unrevoked.py  whoever is proven is looked for in the list of what is revoked
trial.py      one token, for the commands that look at issuers; rehearsal.py  a request that leaves no trace
"""

from ostiary.authn.compile import compile_authenticators

__all__ = ["compile_authenticators"]
