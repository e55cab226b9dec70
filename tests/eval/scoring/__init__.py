"""What `goldwire.eval.scoring` promises."""
