"""The Jupyter server's part: who may ask, and what is answered."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from k8snb.distributions.facets import server as module
from k8snb.distributions.facets.bundle import bundle

ENABLED = Path(module.__file__).parent / "etc/k8snb.json"


@contextmanager
def _server(folder: Path, path: str = ""):
    """Start a server that finds what pip puts into etc/jupyter; gives its address."""
    config = folder / "etc/jupyter/jupyter_server_config.d"
    config.mkdir(parents=True)
    shutil.copy(ENABLED, config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python_path = os.pathsep.join(filter(None, [path, str(Path(__file__).parents[3])]))
    env = os.environ | {"JUPYTER_CONFIG_PATH": str(config.parent), "HOME": str(folder), "PYTHONPATH": python_path}
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=secret", "--no-browser"]
    options += ["--allow-root", f"--ServerApp.root_dir={folder}", "--ServerApp.base_url=/a/b/"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyter_server", *options], env=env, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/a/b"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
        yield f"{address}/{module.PATH}"
    finally:
        process.terminate()
        process.wait(20)


def _ask(address, **headers):
    request = urllib.request.Request(address, headers={name.replace("_", "-"): text for name, text in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_it_answers_those_who_may_ask_and_lets_them_keep_it(tmp_path):
    with _server(tmp_path) as address:
        status, _, body = _ask(address)
        assert status == 403
        assert len(body) < 1000
        status, headers, body = _ask(address, Authorization="token secret", Accept_Encoding="gzip")
        assert (status, headers["Content-Encoding"], headers["Content-Type"].partition(";")[0]) == (
            200,
            "gzip",
            "text/plain",
        )
        assert headers["Cache-Control"].startswith("private")
        assert gzip.decompress(body).decode() == bundle().html
        assert _ask(address, Authorization="token secret", If_None_Match=headers["ETag"])[0] == 304
        assert _ask(address, Authorization="token secret")[2].decode() == bundle().html


def test_without_the_extra_the_server_starts_and_says_what_to_install(tmp_path):
    empty = tmp_path / "packages/tensorboard_plugin_wit"
    empty.mkdir(parents=True)
    (empty / "__init__.py").touch()
    with _server(tmp_path, str(empty.parent)) as address:
        status, _, body = _ask(address, Authorization="token secret")
        assert status == 404
        assert "pip install 'k8snb[skew]'" in json.loads(body)["message"]


class _App:
    """As much of a Jupyter server as the extension looks at."""

    def __init__(self, config):
        self.web_app = self
        self.settings = {"base_url": "/", "config": config}
        self.handlers = []

    def add_handlers(self, host, handlers):
        self.handlers += handlers


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (lambda one: None, []),
        (lambda one: setattr(one, "preprocessors", ["mine"]), ["mine"]),
        (lambda one: one.preprocessors.append("mine"), ["mine"]),
    ],
)
def test_exports_keep_the_preprocessors_that_they_have(said, found):
    from traitlets.config import Config

    config = Config()
    said(config.HTMLExporter)
    app = _App(config)
    module._load_jupyter_server_extension(app)
    assert config.HTMLExporter.preprocessors == [*found, "k8snb.distributions.facets.export.carry"]
    assert [path for path, _ in app.handlers] == ["/k8snb/facets"]
