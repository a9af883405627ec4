"""The HTML: how large it is, that nothing in it is markup of the data, and when it brings what draws Facets."""

import base64
import gzip
import json
import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

import k8snb
from k8snb.distributions.facets import shown as forms
from k8snb.distributions.facets.bundle import bundle, inline
from k8snb.distributions.facets.export import carry
from k8snb.distributions.facets.page import CARRIES, MARK, View, _loader, output
from k8snb.distributions.facets.shown import SHOWN, Shown, form
from k8snb.errors import InputError

HOSTILE = "</script><img src=x onerror=alert(1)><!-- '\"`${alert(1)}"


@pytest.fixture
def facets(monkeypatch):
    """Set which form is shown."""
    return lambda setting: monkeypatch.setattr(forms, "SHOWN", Shown(setting))


def _skew(name="x"):
    rng = np.random.default_rng(0)
    return k8snb.skew({name: rng.normal(size=500)}, {name: rng.normal(1, 1, size=500)})


def _html(shown):
    return shown._repr_mimebundle_()["text/html"]


def test_what_is_beside_the_statistics_is_small():
    rng = np.random.default_rng(0)
    found = k8snb.skew(*({f"feature number {i}": rng.normal(size=200) for i in range(50)} for _ in range(2)))
    html = _html(found)
    data = re.search(r'"data":"([^"]*)"', html).group(1)
    assert len(_loader().encode()) < 6_000
    assert len(html.encode()) - len(data) < 25_000
    assert CARRIES not in html


def test_the_same_comparison_is_the_same_html_at_any_time(monkeypatch):
    first = _html(_skew())
    monkeypatch.setattr(gzip, "time", SimpleNamespace(time=lambda: 1e9))
    assert _html(_skew()) == first


def test_what_data_say_is_no_markup():
    data = {HOSTILE: [HOSTILE, "b"]}
    for shown in (k8snb.skew(data, **{HOSTILE: data}), k8snb.dive(data, **{HOSTILE: data})):
        html = _html(shown)
        assert "<img src=x" not in html
        assert html.count("<script") == html.count("</script") == 1
        assert "<!--" not in html


def test_the_data_are_those_of_the_statistics():
    found = _skew()
    packed = re.search(r'"data":"([^"]*)"', _html(found)).group(1)
    from k8snb.distributions.facets.proto import serialized

    assert gzip.decompress(base64.b64decode(packed)) == serialized(found.statistics)


def test_the_bundle_fetches_nothing_and_has_no_dashboard():
    html = bundle().html
    assert html.startswith('<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"')
    assert "default-src 'none'" in html[:400]
    assert "<wit-dashboard" not in html
    assert "@font-face" not in html
    assert not re.search(r"<script\s[^>]*src=", html)
    assert gzip.decompress(bundle().packed).decode() == html


def test_a_package_that_is_not_there_or_is_another_is_told(monkeypatch):
    bundle.cache_clear()
    monkeypatch.setattr("k8snb.distributions.facets.bundle._PACKAGE", "k8snb_no_such_package")
    with pytest.raises(InputError, match="not installed"):
        bundle()
    monkeypatch.setattr("k8snb.distributions.facets.bundle._PACKAGE", "k8snb")
    with pytest.raises(InputError, match="not installed"):
        bundle()


def test_without_facets_the_table_stands_with_a_word(monkeypatch):
    def missing():
        raise InputError("what Facets reads cannot be written", fix="pip install 'k8snb[skew]'")

    monkeypatch.setattr("k8snb.distributions.facets.proto._definitions", missing)
    html = _html(_skew())
    assert "<table" in html
    assert "<script" not in html
    assert "pip install 'k8snb[skew]'" in html


def test_inline_scripts_cannot_end():
    assert inline("a = '</script>' + '<script>' + '<!--'") == r"a = '\x3C/script>' + '\x3Cscript>' + '\x3C!--'"


@pytest.mark.parametrize(
    ("setting", "names", "found"),
    [
        ("auto", {}, "server"),
        ("auto", {"__vsc_ipynb_file__": "/n.ipynb"}, "embed"),
        ("server", {"__vsc_ipynb_file__": "/n.ipynb"}, "server"),
        ("embed", {}, "embed"),
        ("table", {}, "table"),
    ],
)
def test_the_form_is_found(setting, names, found):
    assert form(setting, names) == found


def test_a_form_that_there_is_not_is_told():
    with pytest.raises(InputError) as raised:
        form("emded", {})
    assert raised.value.fix == "did you mean 'embed'?"


def test_the_table_alone_has_no_script(facets):
    facets("table")
    assert "<script" not in _html(_skew())
    assert MARK not in _html(_skew())


def test_the_first_cell_brings_what_draws_all():
    notebook = Shown()
    assert [notebook.carries(cell) for cell in ("a", "b", "a", None)] == [True, False, True, True]
    notebook.use("embed")
    assert [notebook.carries(cell) for cell in ("b", "a")] == [True, False]


def test_an_embedded_view_brings_what_draws_it(facets):
    facets("embed")
    assert CARRIES in _html(_skew())  # no cell has an id here
    assert SHOWN.setting == "auto"


def test_a_file_has_all(tmp_path):
    for one, name in (
        (_skew(), "Facets Overview: reference, comparison"),
        (k8snb.dive({"x": [1]}), "Facets Dive: set 1"),
    ):
        text = one.save(tmp_path / "x.html").read_text()
        assert f"<title>{name}</title>" in text
        assert text.count(CARRIES + ">") == 1
        assert not re.search(r'(src|href)="?https?:', text)


def _notebook(*htmls):
    outputs = [nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "x"}) for html in htmls]
    outputs.append(nbformat.v4.new_output("stream", text=MARK))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs), nbformat.v4.new_markdown_cell()])


def test_an_export_brings_it_once():
    view = output(View("overview", b"", "title", {}), "table")
    found, resources = carry(_notebook("<b>other</b>", view, view), {"a": 1})
    carrying = [CARRIES in one.data["text/html"] for one in found.cells[0].outputs[:3]]
    assert carrying == [False, True, False]
    assert resources == {"a": 1}
    again, _ = carry(found, {})
    assert json.dumps(again).count(CARRIES) == 1


def test_an_export_without_views_stays_as_it_is():
    notebook = _notebook("<b>other</b>")
    assert carry(notebook, {})[0] == _notebook("<b>other</b>") | {"cells": notebook.cells}
    assert CARRIES not in json.dumps(notebook)


def test_an_export_goes_on_where_facets_is_not_installed(monkeypatch):
    def missing():
        raise InputError("Facets is not installed")

    monkeypatch.setattr("k8snb.distributions.facets.page.bundle", missing)
    view = output(View("overview", b"", "title", {}), "table")
    assert carry(_notebook(view), {})[0].cells[0].outputs[0].data["text/html"] == view
