"""Gateways measured side by side: how much CPU does one request cost?

python -m benchmarks --quick

workloads.py   what is asked for: W1 (small answers), W2 (64 KB answers), W3 (1 MB uploads), ...
material.py    certificates, tokens, a key set, a credential: made anew for every run
places.py      folders, ports and cores of one run
processes.py   start a process on one core, read its CPU clock, end it
upstream.py    the protected side: nginx, which also counts the requests
peers/         the gateways: one module each, how to configure and start it
load/          the callers: wrk and h2load, taught to show a client certificate; a fixed rate; our own
verify.py      does a peer do its work at all? Nothing is measured before that
measure.py     one sample: a window, and the clocks at both ends of it
rounds.py      alternating rounds, medians, ratios
memory.py      idle connections, and what each costs
first_sight.py a token that was never seen
targets.py     what Ostiary is to reach
machine.py     facts that a number is worth nothing without
report.py      the table and the JSON
micro/         pieces of our own hot path, alone
faults/        what holds when something goes wrong
"""
