"""What `goldwire.eval.report` promises."""
