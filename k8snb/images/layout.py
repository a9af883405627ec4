"""Where things are in an image."""

from __future__ import annotations

CODE = "/k8snb/code"
PACKAGES = "/k8snb/packages"
RUNTIME = "/k8snb/runtime"
WORK = "/k8snb/work"
