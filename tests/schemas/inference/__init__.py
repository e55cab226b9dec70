"""What `goldwire.schemas.inference` promises."""
