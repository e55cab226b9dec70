"""Articles up, annotations down: each exactly once, nothing lost.

`push` sends `tasks` with `predictions`; `push_order` says which first, by a model's uncertainty. `pull` reads
tasks through `importer`; `three_way` says whether the server's version or the stored one stays,
`keep_history` what a changed one keeps of the stored one's, and `quarantine` holds what can't be kept.
"""
