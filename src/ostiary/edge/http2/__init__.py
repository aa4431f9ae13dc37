"""The native edge: one HTTP/2 connection, many streams (RFC 9113).

connection.py  one connection, on asyncio's protocols
streams.py     its streams: what comes becomes requests, and what they ask for, frames
stream.py      one request and its answer; body.py is its request's half
head.py        fields -> method, target and fields as HTTP/1.1 has them; request.py -> the request
sender.py      what goes out: one frame of each stream in turn

and below it an engine that knows no sockets and no clocks (docs/adr/0030):

frames.py      octets <-> frames
guard.py       bounds on what a connection may cost beside its requests
reader.py      frames -> heads, content and trailers; control.py: all other frames; payloads.py: what is in them
hearing.py     who is told of it
wire.py        the connection's state, and what goes out
states.py      streams that are open, and those that were; windows.py: what may come
codes.py       why a stream or a connection ends
hpack/         compression of fields
"""
