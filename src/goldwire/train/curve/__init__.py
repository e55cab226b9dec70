"""The learning curve: F1 over how much was learned from, and what more would bring.

`curve` plans and trains the sizes, `results` holds them as tables, `extrapolation` fits what more would
bring, `page` draws it.
"""
