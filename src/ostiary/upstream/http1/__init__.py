"""Upstreams that speak HTTP/1.1 (RFC 9112): a connection carries one exchange at a time.

pool.py        one upstream; endpoint.py: the connections to one of its endpoints
connection.py  one connection
exchange.py    one request and its answer: body out, answer in, patience
head.py        the request's head, in octets
answer.py      reading answers, strictly; plain.py: at a glance, those that are plain
"""
