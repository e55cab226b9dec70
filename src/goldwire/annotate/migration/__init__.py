"""A new version of the schema: for the stored annotations, and for the project on a server.

`stored` rewrites all annotations by the plan (`schemas.changes.plan`), the adjudicators' `decisions` and
`own_marks` with them; `server` then brings what Label Studio holds after them.
"""
