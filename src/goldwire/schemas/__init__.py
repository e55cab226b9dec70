"""The schema: what annotators mark, and everything that is made from it.

`load` reads a file (`yaml_lines`) into `schema`, `guidance` checks what it tells annotators. From it come the
`label_config` (`keys`, `picks`, `colors`), the `guidelines` and their page (`guide`); `rendered` knows which
files these are. `from_label_config`, `inferred`, `fitting`, `names` and `slugs` make a schema of what others
have; `diff` compares two, `migrate` brings annotations from one to the next by a `plan`. `registry_file` and
`numbers` are the forms of ids' entries and of counts.
"""

from goldwire.schemas.load import load_schema
from goldwire.schemas.schema import Attribute, Check, Label, Layer, RelationType, Schema

__all__ = ["Attribute", "Check", "Label", "Layer", "RelationType", "Schema", "load_schema"]
