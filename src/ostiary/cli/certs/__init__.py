"""`ostiary certs`: a small certificate authority in a folder.

place.py    the options that the commands share, and what the authority's refusals mean to a user
make.py     ca, request, sign
revoke.py   revoke, crl
look.py     list, inspect
ending.py   check
facts.py    what `inspect` says of each kind of file
"""

from ostiary.cli.certs import ending, look, make, revoke
from ostiary.cli.frame import group

app = group("A small certificate authority: make, sign, revoke, look at certificates.")
app.command()(make.ca)
app.command()(make.request)
app.command()(make.sign)
app.command()(revoke.revoke)
app.command()(revoke.crl)
app.command("list")(look.list_)
app.command()(look.inspect)
app.command()(ending.check)
