"""What commands install."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.analysis.installs import only_installs, read


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%pip install polars", "polars"),
        ("pip install -q 'polars>=1' pyarrow", "polars>=1 pyarrow"),
        ("!pip install --upgrade polars[excel]==1.2 > /dev/null 2>&1", "polars[excel]==1.2"),
        ("x = !pip install polars", "polars"),
        ("!sudo apt-get update && pip3 install polars || true", "polars"),
        ("import sys\n!{sys.executable} -m pip install polars", "polars"),
        ("!/opt/bin/python3.11 -m pip install polars  # a reader", "polars"),
        ("!pip install \\\n   polars \\\n   pyarrow", "polars pyarrow"),
        ("%uv pip install polars", "polars"),
        ("!uv add polars", "polars"),
        ("%conda install -y -c conda-forge polars=1.2 python=3.11 pkg::arrow", "polars==1.2 arrow"),
        ("%%bash\ncd /tmp\npip install polars\npip install pyarrow", "polars pyarrow"),
        ("!pip install git+https://example.org/a/b.git@v1#egg=b", "b @ git+https://example.org/a/b.git@v1"),
        ("%pip install --index-url=https://example.org/simple polars", "--index-url https://example.org/simple polars"),
        ("%pip install -t /tmp/x polars", "polars"),
        ("%pip uninstall -y polars", None),
        ("%pip list", None),
        ("!echo pip", None),
        ("!pip install 'unclosed", None),
        ("print('pip install polars')", None),
    ],
)
def test_commands_that_install(source, expected):
    found = analyse(source).installs
    assert " ".join(r for install in found for r in install.requirements) == (expected or "")
    assert bool(found) == (expected is not None)


def test_what_no_image_can_have_is_told_apart():
    install = read("pip install -r requirements.txt --requirement=more.txt -e . ./own own.whl a=={version}", line=3)
    assert install.files == ("requirements.txt", "more.txt")
    assert install.others == (".", "./own", "own.whl", "a=={version}")
    assert (install.requirements, install.line, install.command) == ((), 3, "!pip install")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("pip install a", True), ("pip install a && ls", False), ("pip install -e .", False), ("ls", False), ("", False)],
)
def test_commands_that_do_nothing_else(text, expected):
    assert only_installs(text) is expected
