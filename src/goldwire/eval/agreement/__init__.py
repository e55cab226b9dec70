"""Inter-annotator agreement, for any number of annotators.

`agree` collects `pairwise` F1 and the coefficients (`kappa`, `unitizing`, `gamma`), `agreement_figures` shows
them, `ceiling` holds them beside a model's scores.
"""
