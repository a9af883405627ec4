"""All features: who imports this has them registered."""

import writing_changes
import writing_flow
import writing_plain
from writer import FEATURES, Cell, Chunk, Notebook, chosen, write

__all__ = [
    "FEATURES",
    "Cell",
    "Chunk",
    "Notebook",
    "chosen",
    "write",
    "writing_changes",
    "writing_flow",
    "writing_plain",
]
