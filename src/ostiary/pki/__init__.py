"""Our own small CA, and what a certificate says.

    authority.py     a certificate authority: issues, revokes, signs revocation lists
    extensions.py    which extensions a certificate of each kind carries (RFC 5280, section 4.2)
    keys.py          make private keys, write them down
    files.py         PEM and PKCS#12, keys for the owner's eyes only
    disk.py          files that are there whole or not at all, and copies that may be believed
    certificate.py   a certificate as the model's words; whether it is valid now
    development.py   one folder with everything to try the gateway out
    folder.py        an authority that lives in a folder; register.py  the book that it keeps
    request.py       certificate signing requests (PKCS#10)
    errors.py        what the authority refuses to do

    contents.py      what a file holds, whatever kind it is; jks.py  Java key stores
    identity.py      the certificate and key that the server shows; references.py  where they come from
    server_trust.py  whom a server that we ask is verified by
    path.py          from a certificate up to an authority; permitted.py  which names that may vouch for
    ocsp.py          questions to a responder; published.py  where lists are, by the certificate's own word
    names.py         alternative names; subject.py  distinguished names; spiffe.py  SPIFFE IDs
    naming.py        the one spelling under which a name is compared; patterns.py, condition.py  with what
    prints.py        digests by which certificates and keys are known
    dialect/         the certificate as a header, in the words of each proxy
    diagnosis/       what is wrong with certificates, and what mends it

The tests, the demo and the command line issue from here; the listener reads through `certificate`.
"""
