"""Cells become steps, and steps a pipeline: where each input comes from, and what must come before what."""

from k8snb.pipeline.file import read_notebook
from k8snb.pipeline.model import Cell, Pipeline, Step
from k8snb.pipeline.options import StepOptions
from k8snb.pipeline.order import build, select
from k8snb.pipeline.parse import merge, parse_options

__all__ = ["Cell", "Pipeline", "Step", "StepOptions", "build", "merge", "parse_options", "read_notebook", "select"]
