"""Facets: the only place that knows of it. Statistics and rows as what it reads, and HTML that shows it."""

FORMS = ("auto", "server", "embed", "table")
"""Settings of how views are shown: ``server``: a Jupyter server or an export has what draws Facets; ``embed``: a
notebook's first view brings it; ``table``: without Facets."""
