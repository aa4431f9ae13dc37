"""Who is on the line?

    bytes -> TLS handshake -> verified chain -> our own checks -> Peer

tls.py           spec -> one `ssl.SSLContext`, and the peer of a connection
identity.py      the certificate and key that the server shows
authorities.py   who may issue client certificates
clients.py       what OpenSSL has verified -> a certificate of the model, or a refusal
profile.py       our own demands on a chain: strict or compat
revocation.py    who is known to be revoked; crl.py  one revocation list (RFC 5280, section 5)
handshake.py     one connection's TLS object: the name asked for, and why a handshake was refused
files.py         files of the configuration; secrets for OpenSSL without a file

There is one policy for client certificates per listener. A context is never exchanged by the name that
was asked for: with OpenSSL that leaves the first one's demands in force, and its sessions resumable.
"""
