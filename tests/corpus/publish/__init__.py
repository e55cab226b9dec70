"""What `goldwire.corpus.publish` promises."""
