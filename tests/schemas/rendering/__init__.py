"""What `goldwire.schemas.rendering` promises."""
