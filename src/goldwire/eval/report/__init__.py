"""What people read of scores: the HTML page.

`page` fills the template with scores, with every error in its sentence (`error_analysis`) and with the texts
and all spans under them (`span_layers`).
"""
