"""The dataset given away: whole, or without its texts.

`hub` uploads, `write` makes the text-free form, `without_text` brings it together again with a user's
copies.
"""
