"""What `goldwire.schemas.changes` promises."""
