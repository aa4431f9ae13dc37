"""Compression of fields (RFC 7541): blocks of octets <-> lists of fields.

decoder.py   a block -> fields
encoder.py   fields -> a block
static.py    the table that everybody has
table.py     the table that a connection makes
integers.py  numbers
huffman.py   text in fewer octets, which we read and never write
errors.py    what can be wrong with a block
"""
