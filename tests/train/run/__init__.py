"""What `goldwire.train.run` promises."""
