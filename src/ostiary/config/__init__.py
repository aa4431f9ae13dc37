"""The language of the file: one YAML document says all of it.

    octets -> text.py -> plant.py -> specs (schema.py, values.py) -> sound.py -> check.py, checks/

load.py     the way in: `load_checked(path)`, or every mistake at once; `examine(path)` says without raising
apart.py    the same in a process of its own, for whoever serves and needs not be as large as a reader
loaded.py, draft.py, tree.py  what has been read: a configuration, its sound entries, where everything stands
schema.py   the specs: frozen, typed, documented; JSON Schema and reference are generated from them
values.py   the small words: durations, sizes, references to secrets and files, patterns
secrets.py  fetch what a reference to a secret points at

text.py, plant.py        YAML without its surprises, and where everything stands
faults.py, translate.py  what pydantic said, in our words, once for each mistake
words.py, notes.py, better.py, nearest.py   what messages are made of, and what was probably meant
shape.py, stars.py       which block stands where; a text without its literal secrets
sound.py, check.py, checks/   the sound entries of a file, and what a single field cannot know
problem.py, render.py, codes/ a mistake as a value, how it is shown, what `ostiary help` says of it
jsonschema.py, reference.py   the language for editors, and for readers
"""
