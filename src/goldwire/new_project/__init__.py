"""A new project: its folders, its goldwire.toml, a schema and spaCy configs to begin with, in its language.

`make` writes it whole or not at all; `starting_point` finds what a model of the language can start from.
What is written comes from `templates/`, its words from `goldwire.messages`.
"""

from goldwire.new_project.make import TEMPLATES, Template, make_project
from goldwire.new_project.starting_point import StartingPoint, starting_point

__all__ = ["TEMPLATES", "StartingPoint", "Template", "make_project", "starting_point"]
