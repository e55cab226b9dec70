"""What `goldwire.annotate.adjudication` promises."""
