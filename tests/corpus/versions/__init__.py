"""What `goldwire.corpus.versions` promises."""
