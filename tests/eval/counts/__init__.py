"""What `goldwire.eval.counts` promises."""
