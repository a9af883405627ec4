"""Where k8snb keeps files of the user on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_dir() -> Path:
    """Return the folder for artifacts and scratch files: ``K8SNB_HOME``, else the platform's place for data."""
    if home := os.environ.get("K8SNB_HOME"):
        return Path(home).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser() / "k8snb"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/k8snb").expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "k8snb"


def config_file() -> Path:
    """Return the user's own stack file, which need not exist."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "~/AppData/Roaming")).expanduser() / "k8snb" / "k8snb.toml"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/k8snb/k8snb.toml").expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "k8snb" / "k8snb.toml"
