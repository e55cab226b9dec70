"""What `goldwire.corpus.browse` promises."""
