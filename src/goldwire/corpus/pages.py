"""The templates of the pages that goldwire writes: whatever stands in a text is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldwire.figures import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment


def page_templates(package: str, folder: str = "templates") -> Environment:
    """The templates in a package's folder; a name that is not given to them is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= FILTERS
    return environment
