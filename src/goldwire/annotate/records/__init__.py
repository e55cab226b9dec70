"""What a project keeps of its annotators: who is who, who has what, what was pulled last.

`accounts` holds the name under which each account's work is stored, `assignments` which articles each
annotator has, `pulled` the hashes by which a pull knows what changed here and what changed there.
"""
