"""HTTP/2 itself (RFC 9113): an engine that knows no sockets and no clocks (docs/adr/0030).

frames.py      octets <-> frames
guard.py       bounds on what a connection may cost beside its requests
reader.py      frames -> heads, content and trailers; control.py: all other frames; payloads.py: what is in them
hearing.py     who is told of it
wire.py        the connection's state, and what goes out
sender.py      what goes out: one frame of each stream in turn
states.py      streams that are open, and those that were; windows.py: what may come
names.py       what fields are made of
codes.py       why a stream or a connection ends
hpack/         compression of fields
"""
