"""Files are read, converted and written as by somebody who stands in no project."""

from tests.nowhere import in_no_project, nowhere

__all__ = ["in_no_project", "nowhere"]
