"""Work in passes: which there are, their screens, what becomes of them."""
