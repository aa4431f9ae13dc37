"""Which key signs? Rings of versions, whoever keeps the private halves.

    Ring.current()  the version that signs now, without asking      version.py  which that is: pure functions
      -> keeper     whoever has the private half signs              keeper.py   what such a one must be able to do
         local.py   the sealed file                                 record.py   a version as it stands there

material.py    keys made and read: PEM, PKCS#12, JKS                algorithms.py  signatures, key sets, thumbprints
ring.py        the versions of one key, kept fresh                certificates.py  certificates of others
transit.py     OpenBao signs; aws.py, azure.py, hsm/  others do    jose.py jwe.py signed and encrypted tokens
publication.py our public keys, for those who verify               tls.py         a key and its certificate, shown
signer.py      the version that signs, asked and counted           state.py       what is told of a ring
diagnosis.py   what `ostiary doctor` finds wrong                  errors.py      why a key is not taken
api.py         for those who embed the gateway                     compile.py     from the configuration to rings

A new version is published before it signs, and an old one until what it signed has died.
"""

from __future__ import annotations

from ostiary.keys.api import Keys
from ostiary.keys.compile import compile_keys, compile_shown
from ostiary.keys.publication import PATHS, Document, Documents, Publication
from ostiary.keys.ring import Ring
from ostiary.keys.signer import RingKey
from ostiary.keys.state import RingState
from ostiary.keys.tls import Shown

__all__ = [
    "PATHS",
    "Document",
    "Documents",
    "Keys",
    "Publication",
    "Ring",
    "RingKey",
    "RingState",
    "Shown",
    "compile_keys",
    "compile_shown",
]
