"""The Jupyter server's part: hands out what draws Facets, so that no notebook carries it, and lets exports carry it."""

from __future__ import annotations

from typing import Any

PATH = "k8snb/facets"
"""Below the server's base address."""

_A_DAY = 86_400


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Add the address to a Jupyter server, and to its exports what `k8snb.distributions.facets.export` does.

    Parameters
    ----------
    app : jupyter_server.serverapp.ServerApp
    """
    from jupyter_server.utils import url_path_join

    app.web_app.add_handlers(".*$", [(url_path_join(app.web_app.settings["base_url"], PATH), _handler())])
    exports = app.web_app.settings["config"].HTMLExporter
    exports.preprocessors = [*_listed(exports), "k8snb.distributions.facets.export.carry"]


def _listed(exports: Any) -> list[Any]:
    """Return the preprocessors that a configuration names, also where it only appends to those that there are."""
    from traitlets.config.loader import LazyConfigValue

    named = exports.get("preprocessors", [])
    return list(named.get_value([]) if isinstance(named, LazyConfigValue) else named)


def _handler() -> type:
    from jupyter_server.base.handlers import APIHandler
    from tornado import web

    from k8snb.errors import InputError

    class FacetsHandler(APIHandler):
        """Answers with what a frame needs, or 404 and why not."""

        @web.authenticated
        def get(self) -> None:
            from k8snb.distributions.facets.bundle import bundle

            try:
                found = bundle()
            except InputError as error:
                raise web.HTTPError(404, f"{error.what}: {error.fix}") from error
            self.set_header("Cache-Control", f"private, max-age={_A_DAY}")
            self.set_header("Vary", "Accept-Encoding")
            self.set_header("ETag", f'"{found.digest}"')
            if self.check_etag_header():
                self.set_status(304)
                self.finish()
                return
            packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
            if packed:
                self.set_header("Content-Encoding", "gzip")
            self.finish(found.packed if packed else found.html, set_content_type="text/plain; charset=utf-8")

        def compute_etag(self) -> str:
            """Return what is known already."""
            return str(self._headers.get("ETag", ""))

    return FacetsHandler
