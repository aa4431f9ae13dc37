"""Which key signs? Rings of versions, whoever keeps the private halves.

    Ring.current()  the version that signs now, without asking      version.py  which that is: pure functions
      -> keeper     whoever has the private half signs              keeper.py   what such a one must be able to do
         local.py   the sealed file                                 record.py   a version as it stands there

material.py    keys made and read: PEM, PKCS#12, JKS                algorithms.py  signatures, key sets, thumbprints
publication.py our public keys, for those who verify               compile.py     from the configuration to rings

A new version is published before it signs, and an old one until what it signed has died.
"""

from __future__ import annotations

from ostiary.keys.compile import compile_keys
from ostiary.keys.publication import Documents, Publication
from ostiary.keys.ring import Ring, RingKey

__all__ = ["Documents", "Publication", "Ring", "RingKey", "compile_keys"]
