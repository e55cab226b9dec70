"""What is wrong with annotations, or deserves a second look.

`checks` applies the schema's rules, `consistency` finds wordings marked in two ways, `label_errors` what
a cross-validated model doubts.
"""
