"""The schema: what annotators mark, and everything that is made from it.

`load` reads a file (`yaml_lines`) into `schema`, with `registry_file`'s entries and the `numbers` of counts;
`guidance` checks what it tells annotators. `rendering` makes Label Studio's config and the guidelines of it,
`changes` brings annotations from one version to the next, `inference` makes a schema of what others have.
`names`, `slugs` and `colors` are what labels are called and shown by.
"""

from goldwire.schemas.load import load_schema
from goldwire.schemas.schema import Attribute, Check, Label, Layer, RelationType, Schema

__all__ = ["Attribute", "Check", "Label", "Layer", "RelationType", "Schema", "load_schema"]
