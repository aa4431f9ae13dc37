"""How does it get there? The protected side.

headers.py     what of a request goes upstream, and what of an answer comes back
tls.py         how the upstream proves itself
connection.py  one connection: head out, answer in, both bodies streaming
pool.py        connections to the endpoints of one upstream, kept and reused
compile.py     from the spec to the pool
"""

from ostiary.upstream.pool import UpstreamPool, compile_upstream

__all__ = ["UpstreamPool", "compile_upstream"]
