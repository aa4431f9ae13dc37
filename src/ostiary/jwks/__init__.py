"""Whose signatures count?

encoding.py   base64url and JSON, read in one way only (RFC 7515, RFC 8259)
jwk.py        one member of a key set -> a key we verify with, or the reason why not (RFC 7517, RFC 7518)
material.py   the public key in it; what is weak or off its curve is refused (RFC 7518, section 6)
roca.py       the fingerprint of keys that a broken generator made (CVE-2017-15361)
formats.py    key sets, maps of certificates, PEM -> members
keyset.py     a document -> the keys of an issuer
freshness.py  when to fetch, when to stop believing: decisions of values, with `now` as an argument
caching.py    what an answer says of its own age (RFC 9111)
source.py     where the document comes from: web.py (with discovery.py), file.py
store.py      the last good document on disk
issuers.py    an issuer while it lives: one background task, nothing fetched on a request that knows its key
facts.py      how things stand with it
compile.py    specs -> issuers
probe.py      is an issuer reachable, and right? For those who ask, step by step
"""

from ostiary.jwks.compile import compile_issuer, state_folder
from ostiary.jwks.issuers import Issuer
from ostiary.jwks.jwk import Key
from ostiary.jwks.keyset import KeySet

__all__ = ["Issuer", "Key", "KeySet", "compile_issuer", "state_folder"]
