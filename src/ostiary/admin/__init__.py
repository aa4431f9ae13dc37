"""How is it? What operators look at: health, metrics, the configuration in use.

    /                 all of it in short, for people; /status.json for programs that show it
    /livez /healthz   the event loop turns
    /readyz           requests may be sent here; what is degraded stands in the content (?verbose: every part)
    /metrics          Prometheus
    /config           the configuration in use, every secret left out
    /decisions/ID     the log's line of one of the last requests
    POST /explain     what would become of a request, by the objects that serve; it goes nowhere

A Starlette application behind the same edge as everything else, on a listener of its own. There is nothing
here that changes anything.
"""
