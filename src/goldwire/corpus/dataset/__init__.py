"""The dataset: parquet files, card and manifest, built from articles, annotations and schema.

`build` writes them, with the `registries` that ids are in; `card` and its parts (`card_header`,
`card_statement`, of `card_facts`) describe them to people, `croissant` to programs, `agreement_tables` puts
agreement on the card. `load` reads what was built.
"""
