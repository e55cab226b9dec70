"""What `goldwire.corpus.quality` promises."""
