"""From one version of a schema to the next.

`diff` says what differs and what annotations lose by it; a `plan`, read from a file, says what becomes of
that, and `migrate` does it to annotations. Where they are stored, and on the server: `annotate.migration`.
"""
