"""What a single field cannot know, one question each.

names.py     does every name lead somewhere, and is every entry used?
routes.py    is there exactly one route for a request?
policy.py    can a route's policy hold, and does every kind of evidence have one owner?
upstreams.py can what routes want of an upstream be had over what is spoken there?
rewriting.py can what a route says of rewriting be done, in both directions?
inject.py    does every header that is written have one owner, and can its text be filled in?
listeners.py can it be listened there, and is asked for what the routes need?
decisions.py can another proxy hold what the routes say?
issuers.py   can keys be fetched safely, and is each issuer itself?
safety.py    what is allowed, and should be looked at?
vaults.py    can the vaults be opened, and their records be asked for?  backends.py  those that need something first
             engines.py  can an engine give what a credential asks it for?
credentials.py  does each caller's credential lead to that caller's record only?
rings.py     can keys be kept there, and does everybody know a key before it signs?
local.py     does this machine know the users and groups?
extras.py    are the libraries there that not everybody installs?
files.py     is there what the file points at, and is it what it should be?
               outside.py  what the references lead to     identity.py  the server's certificate and key
               keys.py     keys of issuers, and our own
               trust.py    authorities, revocation lists   pem.py       octets in, objects or a sentence out
"""
