"""What `goldwire.formats` promises."""
