"""goldwire: from news articles to a gold corpus."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: What the package gives, by where it lives: imported when it is first asked for.
_PUBLIC = {
    "annotate.adjudication.project": ("adjudicate",),
    "annotate.adjudication.pull": ("pull_adjudication",),
    "annotate.adjudication.push": ("push_adjudication",),
    "annotate.assign_and_status": ("assign", "practice", "status"),
    "annotate.assisting": ("assist",),
    "annotate.push_and_pull": ("pull", "push"),
    "annotate.registry.changes": ("merge_ids", "rename_id", "split_id"),
    "annotate.registry.review": ("review_registry",),
    "annotate.rename": ("rename_annotator",),
    "annotate.report.team": ("team_report",),
    "annotate.serving": ("serve", "stop_server"),
    "annotate.team.load": ("load",),
    "annotations.removal": ("remove_articles",),
    "api.archives": ("predict_archive", "select_articles"),
    "api.corpora": (
        "browse_corpus",
        "build_corpus",
        "check_corpus",
        "diff_corpus",
        "load_split",
        "publish_corpus",
        "rehydrate",
        "review_corpus",
        "split_corpus",
    ),
    "api.data": ("convert", "count", "format_of", "load_project", "load_schema", "read", "write"),
    "api.evaluation": (
        "agree",
        "assess_drafts",
        "compare",
        "gate",
        "gate_all",
        "gate_history",
        "gate_summary",
        "score",
        "write_report",
    ),
    "api.events": ("write_events",),
    "api.models": (
        "draft",
        "learning_curve",
        "plan_curve",
        "plan_training",
        "predict",
        "predict_stock",
        "preview_drafts",
        "read_documents",
        "train_model",
    ),
    "api.projects": ("make_project", "make_project_from_files", "make_project_from_label_studio"),
    "api.schemas": (
        "check_schema",
        "diff_schemas",
        "import_schema",
        "migrate",
        "push_migration",
        "render_schema",
    ),
    "archive.ray_engine": ("RayEngine",),
    "corpus.dataset.load": ("load_corpus",),
    "errors": (
        "AnnotateError",
        "CorpusError",
        "EvalError",
        "Fault",
        "GoldwireError",
        "SchemaError",
        "TrainError",
        "UsageError",
    ),
    "eval.ci.post": ("post_comment",),
    "formats.articles": ("Articles",),
    "model": ("Annotation", "Article", "Document", "Drafting", "Provenance", "Relation", "Span"),
    "project": ("Project",),
    "schemas.schema": ("Schema",),
    "seeds.add": ("add_articles",),
    "seeds.listing": ("list_articles",),
    "table": ("Table",),
    "train.run.package": ("package_model",),
}
_HOME = {name: f"goldwire.{module}" for module, names in _PUBLIC.items() for name in names}

if TYPE_CHECKING:
    from goldwire.annotate.adjudication.project import adjudicate as adjudicate
    from goldwire.annotate.adjudication.pull import pull_adjudication as pull_adjudication
    from goldwire.annotate.adjudication.push import push_adjudication as push_adjudication
    from goldwire.annotate.assign_and_status import assign as assign
    from goldwire.annotate.assign_and_status import practice as practice
    from goldwire.annotate.assign_and_status import status as status
    from goldwire.annotate.assisting import assist as assist
    from goldwire.annotate.push_and_pull import pull as pull
    from goldwire.annotate.push_and_pull import push as push
    from goldwire.annotate.registry.changes import merge_ids as merge_ids
    from goldwire.annotate.registry.changes import rename_id as rename_id
    from goldwire.annotate.registry.changes import split_id as split_id
    from goldwire.annotate.registry.review import review_registry as review_registry
    from goldwire.annotate.rename import rename_annotator as rename_annotator
    from goldwire.annotate.report.team import team_report as team_report
    from goldwire.annotate.serving import serve as serve
    from goldwire.annotate.serving import stop_server as stop_server
    from goldwire.annotate.team.load import load as load
    from goldwire.annotations.removal import remove_articles as remove_articles
    from goldwire.api.archives import predict_archive as predict_archive
    from goldwire.api.archives import select_articles as select_articles
    from goldwire.api.corpora import browse_corpus as browse_corpus
    from goldwire.api.corpora import build_corpus as build_corpus
    from goldwire.api.corpora import check_corpus as check_corpus
    from goldwire.api.corpora import diff_corpus as diff_corpus
    from goldwire.api.corpora import load_split as load_split
    from goldwire.api.corpora import publish_corpus as publish_corpus
    from goldwire.api.corpora import rehydrate as rehydrate
    from goldwire.api.corpora import review_corpus as review_corpus
    from goldwire.api.corpora import split_corpus as split_corpus
    from goldwire.api.data import convert as convert
    from goldwire.api.data import count as count
    from goldwire.api.data import format_of as format_of
    from goldwire.api.data import load_project as load_project
    from goldwire.api.data import load_schema as load_schema
    from goldwire.api.data import read as read
    from goldwire.api.data import write as write
    from goldwire.api.evaluation import agree as agree
    from goldwire.api.evaluation import assess_drafts as assess_drafts
    from goldwire.api.evaluation import compare as compare
    from goldwire.api.evaluation import gate as gate
    from goldwire.api.evaluation import gate_all as gate_all
    from goldwire.api.evaluation import gate_history as gate_history
    from goldwire.api.evaluation import gate_summary as gate_summary
    from goldwire.api.evaluation import score as score
    from goldwire.api.evaluation import write_report as write_report
    from goldwire.api.events import write_events as write_events
    from goldwire.api.models import draft as draft
    from goldwire.api.models import learning_curve as learning_curve
    from goldwire.api.models import plan_curve as plan_curve
    from goldwire.api.models import plan_training as plan_training
    from goldwire.api.models import predict as predict
    from goldwire.api.models import predict_stock as predict_stock
    from goldwire.api.models import preview_drafts as preview_drafts
    from goldwire.api.models import read_documents as read_documents
    from goldwire.api.models import train_model as train_model
    from goldwire.api.projects import make_project as make_project
    from goldwire.api.projects import make_project_from_files as make_project_from_files
    from goldwire.api.projects import make_project_from_label_studio as make_project_from_label_studio
    from goldwire.api.schemas import check_schema as check_schema
    from goldwire.api.schemas import diff_schemas as diff_schemas
    from goldwire.api.schemas import import_schema as import_schema
    from goldwire.api.schemas import migrate as migrate
    from goldwire.api.schemas import push_migration as push_migration
    from goldwire.api.schemas import render_schema as render_schema
    from goldwire.archive.ray_engine import RayEngine as RayEngine
    from goldwire.corpus.dataset.load import load_corpus as load_corpus
    from goldwire.errors import AnnotateError as AnnotateError
    from goldwire.errors import CorpusError as CorpusError
    from goldwire.errors import EvalError as EvalError
    from goldwire.errors import Fault as Fault
    from goldwire.errors import GoldwireError as GoldwireError
    from goldwire.errors import SchemaError as SchemaError
    from goldwire.errors import TrainError as TrainError
    from goldwire.errors import UsageError as UsageError
    from goldwire.eval.ci.post import post_comment as post_comment
    from goldwire.formats.articles import Articles as Articles
    from goldwire.model import Annotation as Annotation
    from goldwire.model import Article as Article
    from goldwire.model import Document as Document
    from goldwire.model import Drafting as Drafting
    from goldwire.model import Provenance as Provenance
    from goldwire.model import Relation as Relation
    from goldwire.model import Span as Span
    from goldwire.project import Project as Project
    from goldwire.schemas.schema import Schema as Schema
    from goldwire.seeds.add import add_articles as add_articles
    from goldwire.seeds.listing import list_articles as list_articles
    from goldwire.table import Table as Table
    from goldwire.train.run.package import package_model as package_model
else:
    __all__ = sorted(["__version__", *_HOME])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(["__version__", *_HOME])
