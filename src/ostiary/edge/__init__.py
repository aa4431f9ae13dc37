"""Bytes on one side, Request and Answer on the other.

    head.py      what makes a head acceptable, whichever edge it came through
    carry.py     one request through the gateway; the only place where errors end
    http1.py     the native edge: one connection, sans queue, on httptools
    http1_reader.py  its requests, read strictly; plain.py  at a glance, those that are plain
    http1_behind.py  what comes behind an answer that is not over; http1_ending.py  how it ends
    line.py      its octets: when they are read, and how they end
    exchange.py  one request and its answer on that connection
    framing.py   the bytes of a response head
    http2/       the native edge: one connection, many streams
    alpn.py      which of the two a connection speaks
    listening.py what the connections of a listener share; proof.py  who is at the other end of one
    hangup.py    whether somebody still is; gone.py  the transport of a connection that nobody is at
    decide/      the third edge: another proxy forwards, and asks here
    asgi.py      the other edge: any ASGI server
    asgi_exchange.py  one request and its answer there; asgi_body.py  the request's content
    tls_extension.py  what a server may say of the handshake
    hypercorn.py      Hypercorn, on a listener's own TLS; hypercorn_heads.py  heads in time;
                      hypercorn_streams.py  streams that are given up; hypercorn_quic.py  HTTP/3;
                      hypercorn_quic_bounds.py  how many connections of it there may be

An edge translates; it decides nothing about anybody's rights.
"""
