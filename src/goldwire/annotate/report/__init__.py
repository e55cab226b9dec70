"""The team's page: how far everybody is, how fast, how alike, and what goes wrong; made of what is stored.

`summary` reads the stored annotations, each once as long as its file stays; `figures` counts; `page` shows.
"""
