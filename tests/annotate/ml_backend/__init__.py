"""What `goldwire.annotate.ml_backend` promises."""
