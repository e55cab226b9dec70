"""The corpus: annotations checked, curated, built into a dataset."""
