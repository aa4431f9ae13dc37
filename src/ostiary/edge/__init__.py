"""Bytes on one side, Request and Answer on the other.

    head.py      what makes a head acceptable, whichever edge it came through
    carry.py     one request through the gateway; the only place where errors end
    http1/       the native edge: one connection, one exchange at a time
    http2/       the native edge: one connection, many streams
    alpn.py      which of the two a connection speaks
    listening.py what the connections of a listener share; proof.py  who is at the other end of one
    hangup.py    whether somebody still is; gone.py  the transport of a connection that nobody is at
    decide/      the third edge: another proxy forwards, and asks here
    asgi/        the other edge: any ASGI server
    hypercorn/   one such server, on a listener's own TLS

An edge translates; it decides nothing about anybody's rights.
"""
