"""spaCy pipelines by folder or package name: what corpus has, under the name that training uses."""

from __future__ import annotations

from goldwire.corpus.pipelines import load_pipeline, pipeline_path, quiet

__all__ = ["load_pipeline", "pipeline_path", "quiet"]
