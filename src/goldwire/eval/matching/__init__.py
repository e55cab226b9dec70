"""Which span, relation or structure of one annotation is which of the other's.

`spans` and `relations` match them, `structures` and `clusters` compare what they form.
"""
