"""What `goldwire.corpus.split` promises."""
