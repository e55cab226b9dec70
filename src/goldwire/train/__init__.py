"""Models learned from annotations, and what they are measured against.

`options` reads a layer's spaCy config, `training_data` makes of the curated annotations what spaCy learns
from, `groups` says what may not be learned and tested at once. `pipeline` is what is learned and saved, `run`
one training from plan to scores, `curve` many over more and more articles; `learned_from` keeps what a model
has seen out of its scores.
"""
