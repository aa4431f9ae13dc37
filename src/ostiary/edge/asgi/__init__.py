"""The other edge: any ASGI server.

handler.py        one request through the gateway
exchange.py       the request and its answer there; body.py: the request's content
tls_extension.py  what a server may say of the handshake
"""
