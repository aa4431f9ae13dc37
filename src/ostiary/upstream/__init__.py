"""How does it get there? The protected side.

http1/         upstreams that speak HTTP/1.1
http2/         upstreams that speak HTTP/2, and gRPC
base.py        what a pool is, whichever HTTP is spoken there
headers.py     what of a request's head passes
trailers.py    which fields may come behind a body
tls.py         how the upstream proves itself
ahead.py       how far an upstream may run ahead of a caller who reads slowly
reaching.py    how an endpoint is reached
waiting.py     those who wait for a connection
turns.py       the endpoints of one upstream, in turn
route.py       an upstream, as one route sees it
rewriting/     what it is told in other words than the caller's
silence.py     the neighbours of an exchange that has ended
compile.py     from the spec of an upstream to its pool
"""

from ostiary.upstream.compile import AnyPool, compile_upstream
from ostiary.upstream.http1.pool import Http1Pool

__all__ = ["AnyPool", "Http1Pool", "compile_upstream"]
