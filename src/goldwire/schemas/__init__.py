"""The schema: what annotators mark, and everything that is made from it."""

from goldwire.schemas.load import load_schema
from goldwire.schemas.schema import Attribute, Check, Label, Layer, RelationType, Schema

__all__ = ["Attribute", "Check", "Label", "Layer", "RelationType", "Schema", "load_schema"]
