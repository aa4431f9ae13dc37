"""Upstreams that are spoken to in HTTP/2 (RFC 9113), gRPC among them: one connection, many exchanges.

fields.py      what is sent: a permit's head, as HTTP/2 has it
answer.py      what comes: heads and trailers, strictly
outgoing.py    the request's content, which waits for the upstream's windows; incoming.py: how far the answer has come
deadline.py    how long an exchange may take
exchange.py    one request and its answer, on one stream
resets.py      what may be given up on one connection; alarm.py: one timer for its callers' deadlines
line.py        the connection, as an exchange uses it
streams.py     the exchanges of one connection: what comes reaches them, and what they say goes out
connection.py  one connection, on asyncio's protocols
endpoint.py    the connections to one endpoint
pool.py        one upstream

The engine below is `ostiary.http2`, the one that callers are heard with.
"""

from ostiary.upstream.http2.pool import Http2Pool

__all__ = ["Http2Pool"]
