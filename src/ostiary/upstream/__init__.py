"""How does it get there? The protected side.

headers.py     what of a request's head passes
head.py        the head, in octets
tls.py         how the upstream proves itself
answer.py      reading answers, strictly
exchange.py    one request and its answer: body out, answer in, patience
connection.py  one connection, which carries one exchange at a time
endpoint.py    the connections to one endpoint
waiting.py     those who wait for one
pool.py        the endpoints of one upstream, in turn
route.py       an upstream, as one route sees it
"""

from ostiary.upstream.compile import compile_upstream
from ostiary.upstream.pool import UpstreamPool

__all__ = ["UpstreamPool", "compile_upstream"]
