"""goldwire: from news articles to a gold corpus."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldwire.annotate.adjudicating import adjudicate as adjudicate
    from goldwire.annotate.adjudicating import pull_adjudication as pull_adjudication
    from goldwire.annotate.adjudicating import push_adjudication as push_adjudication
    from goldwire.annotate.assisting import assist as assist
    from goldwire.annotate.registry.changes import merge_ids as merge_ids
    from goldwire.annotate.registry.changes import rename_id as rename_id
    from goldwire.annotate.registry.changes import split_id as split_id
    from goldwire.annotate.registry.review import review_registry as review_registry
    from goldwire.annotate.rename import rename_annotator as rename_annotator
    from goldwire.annotate.report.team import team_report as team_report
    from goldwire.annotate.rounds import assign as assign
    from goldwire.annotate.rounds import load as load
    from goldwire.annotate.rounds import practice as practice
    from goldwire.annotate.rounds import pull as pull
    from goldwire.annotate.rounds import push as push
    from goldwire.annotate.rounds import status as status
    from goldwire.annotate.serving import serve as serve
    from goldwire.annotate.serving import stop_server as stop_server
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

__version__ = "0.1.0"

__all__ = [
    "AnnotateError",
    "Annotation",
    "Article",
    "Articles",
    "CorpusError",
    "Document",
    "Drafting",
    "EvalError",
    "Fault",
    "GoldwireError",
    "Project",
    "Provenance",
    "RayEngine",
    "Relation",
    "Schema",
    "SchemaError",
    "Span",
    "Table",
    "TrainError",
    "UsageError",
    "__version__",
    "add_articles",
    "adjudicate",
    "agree",
    "assess_drafts",
    "assign",
    "assist",
    "browse_corpus",
    "build_corpus",
    "check_corpus",
    "check_schema",
    "compare",
    "convert",
    "count",
    "diff_corpus",
    "diff_schemas",
    "draft",
    "format_of",
    "gate",
    "gate_all",
    "gate_history",
    "gate_summary",
    "import_schema",
    "learning_curve",
    "list_articles",
    "load",
    "load_corpus",
    "load_project",
    "load_schema",
    "load_split",
    "make_project",
    "make_project_from_files",
    "make_project_from_label_studio",
    "merge_ids",
    "migrate",
    "package_model",
    "plan_curve",
    "plan_training",
    "post_comment",
    "practice",
    "predict",
    "predict_archive",
    "predict_stock",
    "preview_drafts",
    "publish_corpus",
    "pull",
    "pull_adjudication",
    "push",
    "push_adjudication",
    "push_migration",
    "read",
    "read_documents",
    "rehydrate",
    "remove_articles",
    "rename_annotator",
    "rename_id",
    "render_schema",
    "review_corpus",
    "review_registry",
    "score",
    "select_articles",
    "serve",
    "split_corpus",
    "split_id",
    "status",
    "stop_server",
    "team_report",
    "train_model",
    "write",
    "write_events",
    "write_report",
]

#: Where each public name lives: imported when it is first asked for.
_PUBLIC = {
    "AnnotateError": "goldwire.errors",
    "Annotation": "goldwire.model",
    "Article": "goldwire.model",
    "Articles": "goldwire.formats.articles",
    "CorpusError": "goldwire.errors",
    "Document": "goldwire.model",
    "Drafting": "goldwire.model",
    "EvalError": "goldwire.errors",
    "Fault": "goldwire.errors",
    "GoldwireError": "goldwire.errors",
    "Project": "goldwire.project",
    "Provenance": "goldwire.model",
    "RayEngine": "goldwire.archive.ray_engine",
    "Relation": "goldwire.model",
    "Schema": "goldwire.schemas.schema",
    "SchemaError": "goldwire.errors",
    "Span": "goldwire.model",
    "Table": "goldwire.table",
    "TrainError": "goldwire.errors",
    "UsageError": "goldwire.errors",
    "add_articles": "goldwire.seeds.add",
    "adjudicate": "goldwire.annotate.adjudicating",
    "agree": "goldwire.api.evaluation",
    "assess_drafts": "goldwire.api.evaluation",
    "assign": "goldwire.annotate.rounds",
    "assist": "goldwire.annotate.assisting",
    "browse_corpus": "goldwire.api.corpora",
    "build_corpus": "goldwire.api.corpora",
    "check_corpus": "goldwire.api.corpora",
    "check_schema": "goldwire.api.schemas",
    "compare": "goldwire.api.evaluation",
    "convert": "goldwire.api.data",
    "count": "goldwire.api.data",
    "diff_corpus": "goldwire.api.corpora",
    "diff_schemas": "goldwire.api.schemas",
    "draft": "goldwire.api.models",
    "format_of": "goldwire.api.data",
    "gate": "goldwire.api.evaluation",
    "gate_all": "goldwire.api.evaluation",
    "gate_history": "goldwire.api.evaluation",
    "gate_summary": "goldwire.api.evaluation",
    "import_schema": "goldwire.api.schemas",
    "learning_curve": "goldwire.api.models",
    "list_articles": "goldwire.seeds.listing",
    "load": "goldwire.annotate.rounds",
    "load_corpus": "goldwire.corpus.dataset.load",
    "load_project": "goldwire.api.data",
    "load_schema": "goldwire.api.data",
    "load_split": "goldwire.api.corpora",
    "make_project": "goldwire.api.projects",
    "make_project_from_files": "goldwire.api.projects",
    "make_project_from_label_studio": "goldwire.api.projects",
    "merge_ids": "goldwire.annotate.registry.changes",
    "migrate": "goldwire.api.schemas",
    "package_model": "goldwire.train.run.package",
    "plan_curve": "goldwire.api.models",
    "plan_training": "goldwire.api.models",
    "post_comment": "goldwire.eval.ci.post",
    "practice": "goldwire.annotate.rounds",
    "predict": "goldwire.api.models",
    "predict_archive": "goldwire.api.archives",
    "predict_stock": "goldwire.api.models",
    "preview_drafts": "goldwire.api.models",
    "publish_corpus": "goldwire.api.corpora",
    "pull": "goldwire.annotate.rounds",
    "pull_adjudication": "goldwire.annotate.adjudicating",
    "push": "goldwire.annotate.rounds",
    "push_adjudication": "goldwire.annotate.adjudicating",
    "push_migration": "goldwire.api.schemas",
    "read": "goldwire.api.data",
    "read_documents": "goldwire.api.models",
    "rehydrate": "goldwire.api.corpora",
    "remove_articles": "goldwire.annotations.removal",
    "rename_annotator": "goldwire.annotate.rename",
    "rename_id": "goldwire.annotate.registry.changes",
    "render_schema": "goldwire.api.schemas",
    "review_corpus": "goldwire.api.corpora",
    "review_registry": "goldwire.annotate.registry.review",
    "score": "goldwire.api.evaluation",
    "select_articles": "goldwire.api.archives",
    "serve": "goldwire.annotate.serving",
    "split_corpus": "goldwire.api.corpora",
    "split_id": "goldwire.annotate.registry.changes",
    "status": "goldwire.annotate.rounds",
    "stop_server": "goldwire.annotate.serving",
    "team_report": "goldwire.annotate.report.team",
    "train_model": "goldwire.api.models",
    "write": "goldwire.api.data",
    "write_events": "goldwire.api.events",
    "write_report": "goldwire.api.evaluation",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
