"""Drafts by a language model, against a server that stands in for one."""
