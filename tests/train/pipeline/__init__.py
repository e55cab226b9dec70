"""What `goldwire.train.pipeline` promises."""
