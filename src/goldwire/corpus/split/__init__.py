"""Which documents are for training, development and test, so that nothing leaks between them.

`near_duplicates` and `groups` find what belongs together, `stratify` deals groups to sides, `split` does
both, `io` keeps the result in `corpus/split.json`, `leaks` checks a split that somebody brings.
"""
