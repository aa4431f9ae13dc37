"""Hypercorn as the server of the ASGI edge, on a listener's own TLS.

listener.py     connections that it serves
heads.py        heads in time
streams.py      streams that are given up
quic.py         HTTP/3; quic_bounds.py: how many connections of it there may be
"""
