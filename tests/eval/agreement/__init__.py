"""What `goldwire.eval.agreement` promises."""
