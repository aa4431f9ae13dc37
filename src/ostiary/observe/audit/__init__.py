"""Who did what? A stream of its own, in which a line that is changed, missing or moved shows.

chain.py    lines that name the line before them, and what verifies them
event.py    requests and events of the log -> the words of the Elastic Common Schema
stream.py   the file
"""
