"""What `goldwire.train.curve` promises."""
