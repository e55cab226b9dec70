"""The guide within reach of annotators: its page beside their tasks, links to it, its sheet as instructions.

A server shows a file that was uploaded into a project to whoever is logged in there, with no script let run:
the page then is one to read and to look through with the browser's own search.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from xml.etree import ElementTree as ET

from goldwire.annotate.labelstudio.client import Client
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.messages import messages_in
from goldwire.project import CONFIG, Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.guide import anchor, guide_page, sheet
from goldwire.schemas.rendering.label_config import config_text

_NAME = "goldwire-guide"


@dataclass(frozen=True)
class Guide:
    """What annotators are to be led to: a page to upload, or the `address` where the lead has put it."""

    schema: Schema
    page: str
    address: str = ""

    def offered(self, client: Client, number: int) -> str:
        """The address of the page in a Label Studio project, uploaded where it is not there; its last
        version is then removed."""
        if self.address:
            return self.address
        return kept_page(client, number, _NAME, self.page)

    def is_offered(self, client: Client, number: int) -> bool:
        """Whether nothing need be uploaded."""
        files = [] if self.address else client.uploads(number)
        return bool(self.address) or any(
            str(file["file"]).endswith(_file(_NAME, self.page)) for file in files
        )

    def instructions(self, address: str) -> str:
        """What Label Studio shows behind its button Instructions."""
        return sheet(self.schema, address)

    def linked(self, config: str, address: str) -> str:
        """A config with links to the page, and to each label's place there, in its first panel.

        They open in a tab of their own, which leaves the work where it is. Tooltips hold bare text only.
        """
        root = ET.fromstring(config)
        say = messages_in(self.schema.language)
        places = [(say("guide.whole"), address)] + [
            (key, f"{address}#{anchor(layer, key)}")
            for layer, about in self.schema.layers.items()
            for key in about.labels
        ]
        links = (
            f'<a href="{escape(place)}" target="_blank" rel="noopener">{escape(text)}</a>'
            for text, place in places
        )
        places_for_it = [view for view in root.iter("View") if view.get("className") == "gw-guide"]
        panel = next((places_for_it or [root])[0].iter("Panel"), None)
        element = ET.Element("Markdown", value=" · ".join(links))
        if panel is None:
            root.insert(int(len(root) > 0 and root[0].tag == "Style"), element)
        else:
            view = ET.Element("View")  # a panel itself takes no Markdown
            view.append(element)
            panel.insert(0, view)
        return config_text(root)


def kept_page(client: Client, number: int, title: str, page: str) -> str:
    """The address of a page beside a Label Studio project's tasks, uploaded where it is not there; what had
    the same title before is then removed."""
    name = _file(title, page)
    files = {int(file["id"]): str(file["file"]) for file in client.uploads(number)}
    old = [key for key, file in files.items() if f"-{title}-" in file and not file.endswith(name)]
    if not any(file.endswith(f"-{name}") for file in files.values()):
        client.upload(number, name, page, "text/html")
        files = {int(file["id"]): str(file["file"]) for file in client.uploads(number)}
    if old:
        client.remove_uploads(number, old)
    newest = max(key for key, file in files.items() if file.endswith(f"-{name}"))
    return f"{client.path}/data/{files[newest]}"


def _file(title: str, page: str) -> str:
    return f"{title}-{sha256(page)[:12]}.html"


def guide_of(project: Project, schema: Schema) -> Guide:
    """The project's guide. Raises GW780 where `[annotate] guide_url` is no address of a web page."""
    address = guide_address(project)
    page = "" if address else guide_page(schema, project.schema_path.parent)
    return Guide(schema, page, address)


def guide_address(project: Project) -> str:
    """Where the guide lies outside of Label Studio, empty where it does not; raises GW780."""
    address = str(project.setting("annotate", "guide_url", ""))
    if address and not address.startswith(("https://", "http://", "/")):
        hint = "write where people find the page: https://…"
        where = str(project.root / CONFIG)
        raise GoldwireError.of("GW780", f"`guide_url` is no address: {address}", where=where, hint=hint)
    return address
