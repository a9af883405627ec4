"""All features: who imports this has them registered."""

import writing_changes
import writing_classes
import writing_data
import writing_flow
import writing_functions
import writing_imports
import writing_plain
from writer import FEATURES, Cell, Chunk, Notebook, chosen, write

__all__ = ["FEATURES", "MODULES", "Cell", "Chunk", "Notebook", "chosen", "write"]

MODULES = (
    writing_changes,
    writing_classes,
    writing_data,
    writing_flow,
    writing_functions,
    writing_imports,
    writing_plain,
)
