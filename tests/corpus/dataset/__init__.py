"""What `goldwire.corpus.dataset` promises."""
