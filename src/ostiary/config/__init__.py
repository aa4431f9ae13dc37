"""The language of the file: one YAML document says all of it.

load.py    text -> tree with positions -> specs, every mistake reported at once
schema.py  the specs: frozen, typed, documented; the JSON Schema is generated from them
values.py  the small words: durations, sizes, references to secrets and files, patterns
check.py   what a single field cannot know: dangling names, colliding routes, unreadable files
"""
