"""Inter-annotator agreement, for any number of annotators.

`agree` collects `pairwise` F1 and the coefficients (`kappa`, `unitizing`, `gamma`) into `results`;
`ceiling` holds them beside a model's scores.
"""
