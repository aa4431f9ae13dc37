"""A ring in an HSM, by way of PKCS#11: the private halves never leave it.

module.py   the library, and the one thread that calls it     login.py   a token, and our session there
objects.py  the keys that it has, by their public halves      keeper.py  the ring as the gateway sees it
mechanisms.py  what it is asked to do, in its words

An extra: `pip install ostiary[hsm]`.
"""

from __future__ import annotations

from ostiary.keys.hsm.keeper import HsmKeeper, compile_hsm

__all__ = ["HsmKeeper", "compile_hsm"]
