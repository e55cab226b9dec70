"""UIMA CAS, XMI or JSON, as INCEpTION exchanges it.

`read` and `write` go between files and the model, `types` makes the type system of a schema.
"""
