"""Ids and their registries."""
