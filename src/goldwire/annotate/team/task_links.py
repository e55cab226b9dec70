"""Where each article's task stands in Label Studio, for pages that point to it."""

from __future__ import annotations

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import project_passes
from goldwire.project import Project


def task_links(client: Client, project: Project) -> dict[str, str]:
    """The address of each document's task: in the adjudication project where it has one, else the main one.

    Of the main projects of several passes the last that has it. Empty where the server has no such project.
    """
    links: dict[str, str] = {}
    main = [title_for(project, "", each) for each in (None, *project_passes(project))]
    for title in (*main, title_for(project, "adjudication")):
        for remote in client.projects(title)[:1]:
            number = int(remote["id"])
            for task in client.tasks(number, ("data",)):
                data = task.get("data")
                if isinstance(data, dict) and data.get("id"):
                    links[str(data["id"])] = client.task_url(number, int(task["id"]))
    return links
