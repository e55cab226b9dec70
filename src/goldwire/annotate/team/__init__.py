"""Several annotators: who has which article, and how far each one is."""
