"""What `goldwire.annotate.labelstudio` promises."""
