"""What `goldwire.html` promises."""
