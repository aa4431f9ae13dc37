"""Who is on the line?

    bytes -> TLS handshake -> verified chain -> our own checks -> Peer

tls.py           spec -> one `ssl.SSLContext`, and the peer of a connection
authorities.py   who may issue client certificates
clients.py       what OpenSSL has verified -> a certificate of the model, or a refusal
profile.py       our own demands on a chain: strict or compat
revocation.py    who is known to be revoked; crl.py  one revocation list (RFC 5280, section 5); revoked.py  what it says
fetched.py       lists by URL                publication.py  one of them     store.py  on disk
points.py        the lists that certificates name      responder.py  asking about each (RFC 6960)
links.py         a chain, link by link       web.py  one bounded exchange with whoever publishes
forwarded.py     the caller's certificate, as a proxy in front tells it
local.py         the proxy's process, on a unix socket
proxy_protocol.py  the caller's address, as a proxy of connections tells it
tally.py         what is counted of handshakes
handshake.py     one connection's TLS object: the name asked for, and why a handshake was refused
farewell.py      what a caller hears of that

There is one policy for client certificates per listener. Where the name that was asked for exchanges the
context, it exchanges the certificate and nothing else: with OpenSSL the first one's demands stay in force, and its
sessions resumable.
"""
