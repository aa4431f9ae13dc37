"""How is it? What operators look at: health, metrics, the configuration in use.

    /livez /healthz   the event loop turns
    /readyz           requests may be sent here; what is degraded stands in the content (?verbose: every part)
    /metrics          Prometheus
    /config           the configuration in use, every secret left out

A Starlette application behind the same edge as everything else, on a listener of its own. Read only: there
is nothing here that changes anything.
"""
