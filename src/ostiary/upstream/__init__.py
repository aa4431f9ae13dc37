"""How does it get there? The protected side.

headers.py     what of a request's head passes
head.py        the head, in octets
tls.py         how the upstream proves itself
answer.py      reading answers, strictly; plain.py: at a glance, those that are plain
trailers.py    which fields may come behind a body
exchange.py    one request and its answer: body out, answer in, patience
ahead.py       how far an upstream may run ahead of a caller who reads slowly
connection.py  one connection, which carries one exchange at a time
reaching.py    how an endpoint is reached
endpoint.py    the connections to one endpoint
waiting.py     those who wait for one
turns.py       the endpoints of one upstream, in turn
base.py        one upstream, whichever HTTP is spoken there
pool.py        one upstream that speaks HTTP/1.1
route.py       an upstream, as one route sees it
rewriting/     what it is told in other words than the caller's
silence.py     the neighbours of an exchange that has ended
compile.py     from the spec of an upstream to its pool
http2/         all of this for upstreams that speak HTTP/2, and for gRPC
"""

from ostiary.upstream.compile import AnyPool, compile_upstream
from ostiary.upstream.pool import Http1Pool

__all__ = ["AnyPool", "Http1Pool", "compile_upstream"]
