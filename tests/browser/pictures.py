"""Take the README's pictures anew: `make pictures`. Needs a Chromium; starts a Label Studio of its own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from msgspec import structs
from playwright.sync_api import Page, sync_playwright

from goldwire.annotate.labelstudio import server
from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.passes.compose import Marks
from goldwire.annotate.passes.push import push_passes
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations
from goldwire.corpus.browse.site import browse
from goldwire.corpus.corpus import load_corpus
from goldwire.project import Project, copy_example
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from goldwire.train.run.plan import plan
from goldwire.train.run.run import run
from tests.browser.chromium import launch
from tests.browser.test_studio import log_in

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/pictures"
#: The article that is short enough to be seen with its attributes.
ARTICLE = "001_4077ebcc97f2aee2"


def label_studio(page: Page, project: Project) -> None:
    """An article with the adjudicated draft shown as a prediction, one event selected."""
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    [shown] = [a for a in read_annotations(project) if a.document == ARTICLE and a.provenance.based_on]
    with server.serving(project) as running:
        client = connect(project)
        [article] = [document for document in documents if document.id == ARTICLE]
        pushed = push(client, project, schema, [article], predictions=[shown])
        log_in(page, running)
        [task] = client.tasks(pushed.project, include=["id"])
        page.goto(f"{running.url}/projects/{pushed.project}/data?task={task['id']}")
        page.wait_for_selector(".htx-highlight")
        page.locator(".htx-highlight", has_text="retirer").first.click()
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "label-studio.png")


def passes(page: Page, project: Project) -> None:
    """The second of the passes, a layer each: events, with the entities of the first in sight."""
    project.settings["annotate"] = {"passes": "layers"}
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    [whole] = [a for a in read_annotations(project) if a.document == ARTICLE and a.provenance.based_on]
    first, second, _ = parts = passes_of(project, schema)
    marks = Marks(whole.spans, whole.relations).of(first.layers)
    made = structs.replace(whole, annotator="anna", status="submitted", spans=marks.spans, relations=())
    with server.serving(project) as running:
        client = connect(project)
        [article] = [document for document in documents if document.id == ARTICLE]
        [pushed] = push_passes(client, project, schema, [article], parts, only=first)
        load_annotations(client, pushed.report.project, [made], schema)
        [pushed] = push_passes(client, project, schema, [article], parts, only=second)
        log_in(page, running)
        [task] = client.tasks(pushed.report.project, include=["id"])
        page.goto(f"{pushed.report.url}/data?task={task['id']}")
        page.wait_for_selector(".htx-highlight")
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "passes.png")


def report(page: Page, project: Project) -> None:
    """The top of the baseline's report."""
    trained = run(plan(project))
    assert trained.page is not None
    page.goto(trained.page.as_uri())
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / "report.png")


def article(page: Page, project: Project) -> None:
    """An article of the corpus as a site, one event selected."""
    site = browse(load_corpus(project), project.root / "site")
    page.goto((site.folder / "articles" / f"{ARTICLE}.html").as_uri())
    page.locator("mark", has_text="retirer").first.click()
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / "browse.png")


def graph(page: Page, project: Project) -> None:
    """Who acts on whom, over all articles."""
    site = browse(load_corpus(project), project.root / "site")
    page.goto((site.folder / "graph.html").as_uri())
    page.wait_for_timeout(3000)
    page.screenshot(path=PICTURES / "graph.png")


def main() -> None:
    """Take all, or the one that is named."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        project = copy_example(Path(folder) / "project")
        launched = launch(play)
        page = launched.new_page(viewport={"width": 1440, "height": 900})
        takes = (label_studio, passes, report, article, graph)
        for take in takes if len(sys.argv) < 2 else [globals()[sys.argv[1]]]:
            take(page, project)
        launched.close()


if __name__ == "__main__":
    main()
