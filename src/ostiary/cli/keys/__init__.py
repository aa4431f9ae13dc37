"""`ostiary keys`: keep the keys that the gateway signs and connects with.

place.py    which ring, in which file: from the configuration
answer.py   what the file's errors mean to a user
make.py     generate, rotate, import
change.py   enable, disable, destroy
look.py     list, jwks; facts.py  what is told of a version
trust.py    certificates of others
"""

from ostiary.cli.frame import group
from ostiary.cli.keys import change, look, make, trust

app = group("""Keep the keys that the gateway signs and connects with, in the encrypted file of a local vault.

A key has versions. `rotate` adds one, which is published at once and signs after `publish_before`, so that whoever
remembers our key set has it by then. An old version stays published for `keep`, until what it signed has died.
Running gateways take all of this up by themselves.""")
app.command()(make.generate)
app.command("import")(make.import_)
app.command("list")(look.list_)
app.command()(make.rotate)
app.command()(change.enable)
app.command()(change.disable)
app.command()(change.destroy)
app.command()(look.jwks)
app.command()(trust.trust)
