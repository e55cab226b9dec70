"""What `goldwire.annotations` promises."""
