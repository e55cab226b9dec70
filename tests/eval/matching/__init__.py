"""What `goldwire.eval.matching` promises."""
