"""From files to plain data, in which everything knows where it stood.

    octets -> text.py -> nodes.py -> tree.py

layers.py         several files, each as far as it can be read; overlay.py lays one over another
sound.py          the entries of a document that are right, whatever the others are like
references.py     what a document points at: files, the environment; watch.py sees that one has changed
child_process.py  all of this in a process of its own, for whoever serves and needs not be as large as a reader
"""
