"""What `goldwire.formats.labelstudio` promises."""
