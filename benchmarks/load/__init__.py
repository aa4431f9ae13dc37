"""The callers.

running.py     the load generator that a workload wants, in the background
said.py        what it says in the end
wrk.py         as many requests as can be answered (client_certificate.c, drive.lua)
h2load.py      the same over HTTP/2
steady.py      a fixed rate, whether answered or not (metronome.py)
clients.py     callers in our own process, for what none of these does
"""
