"""From what pydantic refuses to what a person is told: once for each mistake, in our words.

    pydantic's errors -> faults.py -> translate.py -> a Problem (`ostiary.config.problem`)

nouns.py         what things are called, and what is refused by name
suggestions.py   what a refused value was probably meant to be
consequences.py  what ignoring a mistake would have meant
masking.py       a text without its literal secrets
"""
