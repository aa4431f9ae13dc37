"""How is it? What operators look at: health, metrics, the configuration in use.

    /                 all of it in short, for people; /status.json for programs that show it
    /livez /healthz   the event loop turns
    /readyz           requests may be sent here; what is degraded stands in the content (?verbose: every part)
    /metrics          Prometheus
    /config           the configuration in use, every secret left out
    /decisions/ID     the log's line of one of the last requests
    POST /explain     what would become of a request, by the objects that serve; it goes nowhere

app.py         these pages                  handler.py     the door to them
view.py        what they look at            source.py      of this process, or of all workers
health.py      whether requests may be sent here; report.py  the same, as `/readyz` says it
status.py      `/status.json`; page.py, rows.py  the same for people; markup.py  HTML, as far as that takes
exposition/    `/metrics`; reference.py     every metric there is
redact.py      `/config`, without secrets   running.py     what another process on this machine serves
body.py        what may be asked by POST    encoding.py    what one process tells another of itself

A Starlette application behind the same edge as everything else, on a listener of its own. There is nothing
here that changes anything.
"""
