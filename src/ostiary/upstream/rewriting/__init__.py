"""What an upstream is told in other words than the caller's, and how its answers are led back.

path.py      the path that it sees, and the way back from it
query.py     the parameters that it sees
fields.py    the headers of requests and of answers
location.py  its own places in answers: Location, Content-Location, cookies
upstream.py  all of this, around an upstream as a route sees it
"""
