"""What the formats of INCEpTION and WebAnno share.

`files` goes through an export, zipped or unpacked, and says whose each file is; `layers` which layers of a
UIMA type system are taken, what they are called, and which of their features is the label.
"""
