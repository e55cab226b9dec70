"""What `goldwire.annotate.sync` promises."""
