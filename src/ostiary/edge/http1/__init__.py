"""The native edge, speaking HTTP/1.1 (RFC 9112): one connection, on asyncio's protocols and httptools.

connection.py  one connection: octets in, exchanges, octets out
reader.py      its requests, read strictly; plain.py: at a glance, those that are plain
exchange.py    one request and its answer
framing.py     the bytes of a response head
line.py        its octets: when they are read, and how they end
behind.py      what comes behind an answer that is not over
ending.py      how it ends
"""
