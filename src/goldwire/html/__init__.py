"""What every page shares.

`templates` renders a page, escapes all that comes from outside and seals it: nothing may run that was not
written there; `charts` draws figures with their intervals as SVG.
"""
