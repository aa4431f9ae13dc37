"""What happened? Logs, the audit log, metrics and traces.

access.py     the access log: one line for each request; claims.py  what of a token it may say
log.py        the log of everything that is not a request
ended.py      a request that has ended: whoever has to hear of it does
audit/        who did what? A log in which a line that is changed or missing shows
metrics.py    what became of requests, in plain integers; histogram.py  how long they took
counted.py    the same as octets, which outlive the process that has counted
lag.py        how late the event loop is; lifecycle.py  in which part of its life the gateway is
trace.py      W3C Trace Context; spans.py  spans for OpenTelemetry; export.py  where they are sent
"""
