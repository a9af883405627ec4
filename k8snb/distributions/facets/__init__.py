"""Facets: the only place that knows of it. Statistics and rows as what it reads, and HTML that shows it."""
