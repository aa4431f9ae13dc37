"""HashiCorp Vault, and OpenBao, which speaks the same API.

path.py     addresses, encoded             login.py    ways to log in; wrapped.py  a secret that opens once
api.py      one question, one answer       session.py  the life of our token
health.py   how the servers are
judge.py    what an answer means           client.py   somebody who is logged in
mount.py    an engine where it is mounted: keyvalue.py, database.py, pki.py
compile.py  from the file to all of it     provider.py the vault as the gateway sees it
"""

from __future__ import annotations

from ostiary.vault.hashicorp.compile import compile_hashicorp

__all__ = ["compile_hashicorp"]
