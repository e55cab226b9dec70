"""Inter-annotator agreement, for any number of annotators.

`sources` finds whose readings are compared; `agree` collects `pairwise` F1 and the `coefficients` (`kappa`,
`unitizing`, `gamma` by `gamma_alignment`, `matched` spans, `identity`; sums `gathered` batch by batch) into
`agreement_figures`; `ceiling` holds them beside a model's scores. `unitizing_2004` is α of 2004.
"""
