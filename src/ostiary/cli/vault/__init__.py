"""`ostiary vault`: keep credentials in the local vault, and try those of any.

place.py    which vault, which record, which fields: from the configuration file
secret.py   secrets come in by stdin, a prompt or a file, never as an argument
answer.py   what the vault's errors mean to a user
read.py     get, list
attempt.py  test: any type of vault
write.py    put, rotate, enable, disable, destroy
keys.py     key, rekey
"""

from ostiary.cli.frame import group
from ostiary.cli.vault import attempt, keys, read, write

app = group("Keep credentials in the local vault: an encrypted file, with versions; try those of any vault.")
app.command()(write.put)
app.command()(read.get)
app.command("list")(read.list_)
app.command("test")(attempt.attempt)
app.command()(write.rotate)
app.command()(write.enable)
app.command()(write.disable)
app.command()(write.destroy)
app.command()(keys.key)
app.command()(keys.rekey)
