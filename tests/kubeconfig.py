"""Kubeconfig files whose clusters nobody contacts."""

from __future__ import annotations

import json
from pathlib import Path


def write_kubeconfig(
    path: Path,
    *names: str,
    current: str | None = None,
    server: str = "https://127.0.0.1:9",
    namespace: str | None = None,
) -> Path:
    """Write a file with a context of each name; JSON is YAML."""
    context = {"cluster": "c", "user": "u"} | ({"namespace": namespace} if namespace else {})
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": {"token": "x"}}],
        "contexts": [{"name": name, "context": context} for name in names],
    }
    path.write_text(json.dumps(content | ({"current-context": current} if current else {})))
    return path
