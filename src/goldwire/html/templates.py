"""The pages that goldwire writes: all text is escaped, and nothing may run that was not written there."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from goldwire.number_format import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup


@cache
def page_templates(package: str, folder: str = "templates") -> Environment:
    """The templates in a package's folder, compiled once; a name that is not given to them is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {**FILTERS, "in_words": in_words}
    return environment


def in_words(sentence: str) -> Markup:
    """A sentence for a page: escaped, and what stands between backticks set as code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(sentence))))


def render_page(template: Template, *, with_files: bool = False, **content: Any) -> str:
    """A whole page with its policy; with `with_files` it may load scripts and styles that lie beside it."""
    return sealed(template.render(**content), with_files=with_files)


def sealed(page: str, *, with_files: bool = False) -> str:
    """The page with a Content-Security-Policy that admits its own scripts and styles by their hashes.

    Nothing is loaded from elsewhere, nothing inline runs that was not there when the page was made. `style`
    attributes, for which a policy has no such hashes, become classes. All text of the page is escaped
    already.
    """
    parts = _INLINE.split(page)
    rules: dict[str, str] = {}
    parts[::2] = [_STYLED.sub(lambda tag: _classed(tag, rules), markup) for markup in parts[::2]]
    page = "".join(parts)
    if rules:
        important = {name: value.replace(";", " !important;") for value, name in rules.items()}
        lines = "".join(f".{name}{{{value} !important}}\n" for name, value in important.items())
        page = page.replace("</head>", f"<style>\n{lines}</style>\n</head>", 1)
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, kind_hashes in hashes.items():
        for attributes, text in re.findall(rf"<{kind}([^>]*)>(.*?)</{kind}>", page, re.DOTALL):
            if text and "application/json" not in attributes:
                kind_hashes.append(
                    f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
                )
    beside = ["'self'", "file:"] if with_files else []
    sources = {
        "default-src": [],
        "script-src": [*beside, *dict.fromkeys(hashes["script"])],
        "style-src": [*beside, *dict.fromkeys(hashes["style"])],
        "img-src": [*beside, "data:"],
        "base-uri": [],
        "form-action": [],
    }
    policy = "; ".join(f"{name} {' '.join(allowed) or _NONE}" for name, allowed in sources.items())
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace(_CHARSET, f"{_CHARSET}\n{meta}", 1)


def _classed(tag: re.Match[str], rules: dict[str, str]) -> str:
    """A start tag whose `style` became a class; `rules` maps each declaration to its class."""
    before, value, after = tag.groups()
    value = value.strip().rstrip(";")
    name = rules.setdefault(value, f"s{len(rules)}")
    whole = before + after
    if ' class="' in whole:
        return whole.replace(' class="', f' class="{name} ', 1)
    return f'{before} class="{name}"{after}'


_CHARSET = '<meta charset="utf-8">'
_NONE = "'none'"
_CODE = re.compile(r"`([^`]+)`")
#: What is no markup: its `<` and `style=` are not those of tags.
_INLINE = re.compile(r"(<style[^>]*>.*?</style>|<script[^>]*>.*?</script>)", re.DOTALL)
_STYLED = re.compile(r'(<[a-zA-Z][^<>]*?) style="([^"<>]*)"([^<>]*>)')
