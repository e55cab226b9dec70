"""What is in a saved model, and how each part of it is learned.

`fit_layer` trains a recogniser by a spaCy config, `fit_spans` what finds a layer's spans by vote and tells
their labels (`crf`, `document_labels`, `analysis`), `relations_and_attributes` what spans bear and relate to,
`joint_relations` relations of entities by their `entity_pairs`; `assemble` puts all into one pipeline.
`components`, `span_components`, `features`, `span_features` and `linear` are what goldwire adds to spaCy,
`callbacks` what its configs call.
"""
