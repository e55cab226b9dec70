"""brat standoff: a folder of `.txt` and `.ann` files.

`read` goes through a folder, `layout` says who annotated what, `ann` turns one file's lines into the model,
`conf` reads and makes `annotation.conf` and names arguments by it, `write` writes a folder.
"""
