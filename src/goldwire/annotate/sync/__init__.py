"""Articles up, annotations down: each exactly once, nothing lost.

`push` sends `tasks` with `predictions` (ids filled in by `suggestions`), those first that `push_order` names,
and `pending` remembers a batch that was cut off; `upload` sends stored annotations. `pull` reads what changed
since `pull_state` through `importer`, unfinished work through `drafts`; `three_way` says whether the server's
version or the stored one stays, `keep_history` what a changed one keeps of the stored one's, `quarantine`
holds what can't be kept, and `report` tells all of it.
"""
