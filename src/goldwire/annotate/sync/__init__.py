"""Articles up, annotations down: each exactly once, nothing lost.

`push` sends `tasks` with `predictions`; `pull` reads tasks through `importer`, meets what is stored in
`reconcile`, and puts what can't be kept in `quarantine`.
"""
