"""Files are scored, compared and held to a baseline as by somebody who stands in no project."""

from tests.nowhere import in_no_project, nowhere

__all__ = ["in_no_project", "nowhere"]
