"""Pieces of our own hot path, alone: how long does one call take?

python -m benchmarks.micro [WORD ...]     all pieces, or those whose name holds a word

timing.py     a call, repeated and timed
pieces.py     what is timed; a new piece is one more function
http2.py      HTTP/2, by our engine and by the h2 library
"""
