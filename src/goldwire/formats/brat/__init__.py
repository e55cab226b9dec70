"""brat standoff: a folder of `.txt` and `.ann` files.

`read` goes through a folder, `ann` turns one file's lines into the model, `conf` reads and makes
`annotation.conf`, `write` writes a folder.
"""
