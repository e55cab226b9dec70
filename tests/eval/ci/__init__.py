"""What `goldwire.eval.ci` promises."""
