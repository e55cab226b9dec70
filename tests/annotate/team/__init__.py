"""What `goldwire.annotate.team` promises."""
