"""What a project keeps of its annotators: who is who, who has what, what was pulled last.

`accounts` holds the name under which each account's work is stored, `assignments` and `gold_checks` which
articles each annotator has, `passes` in which order layers are marked, `notes` where a pulled annotation
stands on the server, `registry_changes` who renamed which id, `pulled` the hashes by which a pull knows what
changed here and what changed there. `lines` and `cached` are how such files are read, `summary` is what
pages and rules need of each stored annotation.
"""
