"""What `goldwire.formats.dataset` promises."""
