"""A new version of the schema: for the stored annotations, and for the project on a server."""
