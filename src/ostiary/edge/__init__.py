"""Bytes on one side, Request and Answer on the other.

    head.py      what makes a head acceptable, whichever edge it came through
    carry.py     one request through the gateway; the only place where errors end
    http1.py     the native edge: one connection, sans queue, on httptools
    exchange.py  one request and its answer on that connection
    framing.py   the bytes of a response head
    http2/       the native edge: one connection, many streams
    alpn.py      which of the two a connection speaks
    asgi.py      the other edge: any ASGI server
    asgi_exchange.py  one request and its answer there
    hypercorn.py      Hypercorn, on a listener's own TLS

An edge translates; it decides nothing about anybody's rights.
"""
