"""Envoy 1.40 and newer, which decides natively what it can.

    strip -> verify tokens -> say yes, or nothing -> ask about the rest -> write the credential -> forward

What Envoy is sure of it forwards. Whatever else comes, be it refused, in doubt, or of another shape than the plain
one, is asked: the gateway says no, and why, in its own words. Without anybody to ask it is refused by Envoy itself.

words.py      blocks that name their type
shapes.py     paths and hosts of which there is one reading, as regular expressions (RE2)
condition.py  what must hold, as RBAC principals
tokens.py     jwt_authn, and what it does not look at
callers.py    authenticate and authorize, as policies of RBAC
matches.py    which plain requests a route is for
heads.py      headers: which come in, which go, which are written
refused.py    what is done about the rest
routes.py     the route table
filters.py    the filter chain
tls.py        TLS on both sides
clusters.py   upstreams, key sets, and where decisions are asked for
secrets.py    files of secrets (SDS)
tls_files.py  files that say where certificates are
bootstrap.py  all of it
yaml.py       as YAML
"""

from __future__ import annotations

from ostiary.export.envoy.bootstrap import bootstrap
from ostiary.export.envoy.secrets import FOLDER, credential_file, credential_secret, withdrawn, written
from ostiary.export.envoy.tls_files import files_of_tls
from ostiary.export.envoy.yaml import dump

__all__ = [
    "FOLDER",
    "bootstrap",
    "credential_file",
    "credential_secret",
    "dump",
    "files_of_tls",
    "withdrawn",
    "written",
]
