"""Listen, until told to stop.

server.py       a gateway and its listeners; exchanging both while they run
listener.py     one bound address        place.py  what a configuration says of it
sockets.py      what is bound: an IP address and a port, or a path
acceptor.py     accepting connections, as long as there is room
descriptors.py  how much room there is
admin.py        the admin listener         deciding.py  what a decision listener has that others have not
middleware.py   what has to be known of a caller before a route is looked for; expiry.py  that his certificate ends
observers.py    who hears of every request
run.py          signals, from the first to the last
"""

from ostiary.serve.listener import Listener
from ostiary.serve.place import Place, compile_places
from ostiary.serve.run import serve, settle
from ostiary.serve.server import DRAIN, Ending, Server, listening
from ostiary.serve.sockets import bind, probe

__all__ = [
    "DRAIN",
    "Ending",
    "Listener",
    "Place",
    "Server",
    "bind",
    "compile_places",
    "listening",
    "probe",
    "serve",
    "settle",
]
