"""The native edge: one HTTP/2 connection, many streams (RFC 9113).

connection.py  one connection, on asyncio's protocols
streams.py     its streams: what comes becomes requests, and what they ask for, frames
stream.py      one request and its answer; body.py is its request's half
opening.py     a stream that becomes a WebSocket; refusal.py: what is told in a document, or in gRPC's words
head.py        fields -> method, target and fields as HTTP/1.1 has them; request.py -> the request

The engine below, which upstreams are spoken to with as well, is `ostiary.http2`.
"""
