"""What holds when something goes wrong: crowds, slow callers, dying neighbours, new configurations.

python -m benchmarks.faults [NAME ...] [--quick] [--json FILE]

play.py        the scenarios by name; each is played on a stage of its own, bounded in time
stage.py       the gateway as its users start it, between callers and a protected side
origin.py      the protected side, in every mood
issuer.py      the key set, likewise
traffic.py     callers who do everything right meanwhile
figures.py     what was to hold, and what held
"""
