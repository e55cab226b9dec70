"""Ids and their registries: what annotators coined is settled, what was settled wrongly is mended.

`usage` finds where ids stand, `review` lists those that no registry has, `changes` merges, splits and renames
them in registries and annotations alike (`writing`: all or none).
"""
