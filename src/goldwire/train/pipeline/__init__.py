"""What is in a saved model, and how each part of it is learned.

`fit_layer` trains a recogniser by a spaCy config, `assemble` puts several into one pipeline;
`components`, `features` and `linear` are what goldwire adds to spaCy.
"""
