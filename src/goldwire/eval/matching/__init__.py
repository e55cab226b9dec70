"""Which span, relation or structure of one annotation is which of the other's.

`spans` (by their heads: `span_heads`) and `relations` match them, `structures` and `clusters` compare what
they form, `context` shows a span in its sentence.
"""
