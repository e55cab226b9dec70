"""A task as Label Studio's export has it: its form, and what stands there in any other."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, field

from goldwire.formats.labelstudio.extras import KEY
from goldwire.formats.labelstudio.items import Item
from goldwire.formats.labelstudio.people import person
from goldwire.formats.labelstudio.shapes import as_task
from goldwire.schemas.label_config import TEXT

#: Names in a task's data that say no metadata.
TAKEN = ("id", "uid", TEXT, "sha256")
_NOTHING = (b"", b"null", b"false", b"0", b"{}", b"[]", b'""')


class Given(Struct):
    """An annotation of a task; `result` is what stood there, as items or in Python's form.

    What is `Any` is judged on use.
    """

    result: Any = None
    completed_by: Any = None
    created_username: Any = None
    was_cancelled: Any = None
    ground_truth: Any = None
    created_at: Any = None
    updated_at: Any = None
    lead_time: Any = None
    prediction: Raw = Raw()
    parent_prediction: Any = None
    goldwire: Any = None  # what `extras` keeps beside the regions

    @property
    def begun(self) -> bool:
        """Whether it was begun from a prediction."""
        return bool(bytes(self.prediction).strip() not in _NOTHING or self.parent_prediction)

    @property
    def person(self) -> str:
        """Who made it; empty where the file does not say."""
        return person(self.completed_by, self.created_username)


class Typed(Given):
    """An annotation whose regions are all in their form."""

    result: list[Item | None] | None = None


class Task(Struct):
    """A task as Label Studio writes it."""

    data: dict[str, Any]
    id: Any = UNSET
    annotations: list[Typed] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    drafts: list[Any] = field(default_factory=list)
    comment_count: Any = None
    goldwire: Any = None  # metadata under names that a task's data has for itself
    completions: Any = None  # the annotations of exports before 1.0

    @property
    def comments(self) -> int:
        """How many comments it bears."""
        return self.comment_count if isinstance(self.comment_count, int) and self.comment_count > 0 else 0

    @property
    def plain(self) -> bool:
        """Whether goldwire kept nothing beside what Label Studio has a place for."""
        return self.goldwire is None and all(one.goldwire is None for one in self.annotations)

    def taken(self) -> dict[str, Any]:
        """The metadata that a task of ours keeps beside its data."""
        meta = self.goldwire.get("meta") if isinstance(self.goldwire, dict) else None
        return {key: meta[key] for key in TAKEN if key in meta} if isinstance(meta, dict) else {}


decode = msgspec.json.Decoder(Task).decode


def known(task: Any) -> Task | None:
    """A task in its form, from whatever stands there; what is no annotation stays among them as None."""
    if isinstance(task, Task):
        return task
    shaped = as_task(task)
    if shaped is None:
        return None
    task, data = shaped, shaped["data"]
    given: list[Any] = [
        Given(
            **{key: item.get(key) for key in Given.__struct_fields__ if key != "prediction"},
            prediction=Raw(b"1" if item.get("prediction") else b""),
        )
        if isinstance(item, dict)
        else None
        for item in several(task.get("annotations"))
    ]
    number, comments = task.get("id", UNSET), task.get("comment_count")
    predictions, drafts = several(task.get("predictions")), several(task.get("drafts"))
    return Task(data, number, given, predictions, drafts, comments, task.get(KEY))


def several(value: Any) -> list[Any]:
    """What should be a list; anything else that is there counts as one thing."""
    return value if isinstance(value, list) else [value] if value else []
