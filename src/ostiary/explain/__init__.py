"""What would become of a request, and which line of the file decides?

explanation.py  what is said: step by step, for people and for programs
question.py   the request that is asked about, from flags or from a document
noting.py     the compiled authenticators and rules, each in a wrapping that takes notes and changes nothing
reading.py    what of a request a condition reads
routes.py     why a route is not the one, and which is the nearest
published.py  requests for our key set, which no route answers
running.py    the same by the gateway that runs: its objects, its keys
walk.py       the way through a gateway: the very objects of live traffic, and nothing is forwarded
"""
