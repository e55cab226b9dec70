"""A task as Label Studio's export has it: its form, and what stands there in any other."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, field

from goldwire.formats.labelstudio.extras import KEY
from goldwire.formats.labelstudio.items import Item
from goldwire.formats.labelstudio.people import person
from goldwire.formats.labelstudio.shapes import as_task
from goldwire.schemas.rendering.label_config import TEXT

#: Names in a task's data that say no metadata.
TAKEN = ("id", "uid", TEXT, "sha256")


class Given(Struct, omit_defaults=True):
    """An annotation of a task; `result` is what stood there, as items or in Python's form.

    What is `Any` is judged on use. UNSET stands where an export often has null: so the two are told apart.
    """

    result: Any = None
    completed_by: Any = None
    created_username: Any = None
    was_cancelled: Any = None
    ground_truth: Any = None
    created_at: Any = None
    updated_at: Any = None
    lead_time: Any = UNSET
    prediction: Any = UNSET
    parent_prediction: Any = UNSET
    goldwire: Any = None  # what `extras` keeps beside the regions

    @property
    def begun(self) -> bool:
        """Whether it was begun from a prediction."""
        return bool(self.prediction or self.parent_prediction)

    @property
    def person(self) -> str:
        """Who made it; empty where the file does not say."""
        return person(self.completed_by, self.created_username)


class Typed(Given, omit_defaults=True):
    """An annotation whose regions are all in their form.

    What stands below `result` is not used: with it a task as Label Studio writes it holds all that its text
    says, and `strict_json.holds_all` need not read that again.
    """

    result: list[Item | None] | None = None
    id: Any = UNSET
    draft_created_at: Any = UNSET
    result_count: Any = UNSET
    unique_id: Any = UNSET
    import_id: Any = UNSET
    last_action: Any = UNSET
    bulk_created: Any = UNSET
    task: Any = UNSET
    project: Any = UNSET
    updated_by: Any = UNSET
    parent_annotation: Any = UNSET
    last_created_by: Any = UNSET


class Task(Struct, omit_defaults=True):
    """A task as Label Studio writes it; what stands below `completions` is not used (see `Typed`)."""

    data: dict[str, Any]
    id: Any = UNSET
    annotations: list[Typed] = field(default_factory=list)
    predictions: Any = UNSET
    drafts: Any = UNSET
    comment_count: Any = UNSET
    goldwire: Any = None  # metadata under names that a task's data has for itself
    completions: Any = None  # the annotations of exports before 1.0
    file_upload: Any = UNSET
    meta: Any = UNSET
    created_at: Any = UNSET
    updated_at: Any = UNSET
    allow_skip: Any = UNSET
    inner_id: Any = UNSET
    total_annotations: Any = UNSET
    cancelled_annotations: Any = UNSET
    total_predictions: Any = UNSET
    unresolved_comment_count: Any = UNSET
    last_comment_updated_at: Any = UNSET
    project: Any = UNSET
    updated_by: Any = UNSET
    comment_authors: Any = UNSET

    @property
    def comments(self) -> int:
        """How many comments it bears."""
        return self.comment_count if isinstance(self.comment_count, int) and self.comment_count > 0 else 0

    def taken(self) -> dict[str, Any]:
        """The metadata that a task of ours keeps beside its data."""
        meta = self.goldwire.get("meta") if isinstance(self.goldwire, dict) else None
        return {key: meta[key] for key in TAKEN if key in meta} if isinstance(meta, dict) else {}


decode = msgspec.json.Decoder(Task).decode


def known_fields(task: Any) -> Task | None:
    """A task in its form, from whatever stands there; what is no annotation stays among them as None."""
    if isinstance(task, Task):
        return task
    shaped = as_task(task)
    if shaped is None:
        return None
    task, data = shaped, shaped["data"]
    given: list[Any] = [
        Given(**{key: item[key] for key in Given.__struct_fields__ if key in item})
        if isinstance(item, dict)
        else None
        for item in several(task.get("annotations"))
    ]
    number, comments = task.get("id", UNSET), task.get("comment_count")
    return Task(data, number, given, task.get("predictions"), task.get("drafts"), comments, task.get(KEY))


def several(value: Any) -> list[Any]:
    """What should be a list; anything else that is there counts as one thing."""
    return value if isinstance(value, list) else [value] if value else []
