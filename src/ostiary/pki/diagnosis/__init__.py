"""What is wrong with certificates, and what mends it.

    files, an endpoint -> Patient -> checks -> Finding

codes.py        every finding: code, group, severity, and what it means
finding.py      one finding, about one thing
exam.py         all checks, over several files that may belong together
dates.py        when it is valid              strength.py   keys and signatures
leaf.py         what a client or server wants  names.py     whom it speaks of
authority.py    what an authority wants        chain.py     do they belong together
crl.py          revocation lists               files.py     how it lies there
endpoint.py     a live one                     places.py    the servers that a configuration names
machine.py      what a gateway runs on         installed.py how its configuration lies there

Only the endpoint and the places use the network.

The checks are pure: objects and the time in, findings out. What the listener refuses, they find, all of it and
not only the first; a test holds the two together.
"""
