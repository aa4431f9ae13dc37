"""Every kind of vault as the contract suite needs it: real servers, emulators, doubles.

front.py     a server of ours: a double, or a relay before a real one; breaks on demand
backend.py   what the suite asks of each kind
near.py      local, files, env, age: on this machine
openbao.py   hashicorp and http, against a real OpenBao
cyberark.py  cyberark and conjur: doubles
cloud.py     aws (moto), azure and gcp (doubles)
kinds.py     all of them
"""
