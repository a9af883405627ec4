"""``jupyter nbconvert --to html-facets``: HTML as nbconvert makes it, which brings what draws Facets."""

# mypy: disable-error-code="no-untyped-call, misc, assignment"
# nbconvert's methods have no types.

from __future__ import annotations

from nbconvert.exporters import HTMLExporter

from k8snb.distributions.facets.export import carry


class FacetsHTMLExporter(HTMLExporter):
    """HTML that shows Facets without a server; JupyterLab's own export to HTML does so anyway."""

    export_from_notebook = None

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        self.register_preprocessor(carry, enabled=True)
