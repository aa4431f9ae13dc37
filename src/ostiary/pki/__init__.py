"""Our own small CA, and what a certificate says.

    authority.py     a certificate authority: issues, revokes, signs revocation lists
    extensions.py    which extensions a certificate of each kind carries (RFC 5280, section 4.2)
    keys.py          make private keys, write them down
    files.py         PEM and PKCS#12, keys for the owner's eyes only
    disk.py          files that are there whole or not at all, and copies that may be believed
    certificate.py   a certificate as the model's words; whether it is valid now
    development.py   one folder with everything to try the gateway out

The tests, the demo and the command line issue from here; the listener reads through `certificate`.
"""
