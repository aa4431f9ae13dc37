"""The language of the file: one YAML document says all of it.

    octets -> reading/ -> specs (schema.py and its neighbours) -> check.py, checks/ -> Loaded

load.py     the way in: `load_checked(path)`, or every mistake at once; `examine(path)` says without raising
loaded.py, draft.py   what has been read: a configuration; as much of one as can be understood
reading/    from files to plain data, in which everything knows where it stood

schema.py   the specs: frozen, typed, documented; each family in a file of its own: listeners.py ...
values.py   the small words: durations, sizes, references to secrets and files, patterns
secrets.py  fetch what a reference to a secret points at
presets.py  what one word stands for: the providers of tokens

check.py, checks/   what a single field cannot know
problem.py, codes/  a mistake as a value, and what `ostiary help` says of it
messages/, nearest.py, render.py   what is said of a mistake, what was probably meant, and how it is shown
shape.py, jsonschema.py, reference.py   which block stands where; the language for editors, and for readers
"""
