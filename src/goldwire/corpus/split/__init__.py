"""Which documents are for training, validation and test, so that nothing leaks between them.

`groups` finds what belongs together (texts by `goldwire.near_duplicates`), `stratify` deals groups to sides,
`split` does both, `io` keeps the result in `corpus/split.json`, `leaks` checks a split that somebody brings.
"""
