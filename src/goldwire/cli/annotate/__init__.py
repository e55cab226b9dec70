"""`goldwire annotate`: Label Studio, its server, the work of the team, drafts; a module for few commands."""

from goldwire.cli.annotate.group import command

__all__ = ["command"]
