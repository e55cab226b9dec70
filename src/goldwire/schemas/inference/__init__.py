"""A schema made of what others have.

`from_label_config` reads Label Studio's configs; what it can't keep is listed in `inferred`, whose schema is
checked as one that was written. `fitting` widens a schema until it holds annotations of whatever format.
"""
