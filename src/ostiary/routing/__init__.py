"""Which route? `path.py` reads path and host in the one way there is; `match.py` finds the route."""
