"""The dataset: parquet files, card and manifest, built from articles, annotations and schema.

`build` writes them; `card` and its parts describe them, `agreement_tables` puts agreement on the card.
"""
