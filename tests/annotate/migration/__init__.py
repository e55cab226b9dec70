"""What `goldwire.annotate.migration` promises."""
