"""The team's page: how far everybody is, how fast, how alike, and what goes wrong; made of what is stored.

`team` takes the summaries of stored annotations (`records.summary`: each read once as long as its file
stays), `figures` counts them, `gold_checks` scores them where the answer is known, `page` shows both.
"""
