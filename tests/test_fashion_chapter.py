"""The chapter on Fashion-MNIST with no data and no network, and its curves and tables."""

import importlib.util
import sys

import nbformat
import pytest

import fresh
import normalize
from conftest import ROOT
from reglab.curves import Curves
from reglab.palette import TEST, TRAIN
from reglab.table import table

CHAPTER = ROOT / "book/fashion-mnist.ipynb"


@pytest.fixture(scope="module")
def rules():
    """Return the conftest.py of the whole repository, whose name another one has here."""
    spec = importlib.util.spec_from_file_location("rules", ROOT / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(cell):
    return "needs-data" in cell.metadata.get("tags", [])


def printed(cell):
    outputs = (o for o in cell.outputs if o.output_type == "stream")
    return "".join(output.text for output in outputs)


def test_without_data_it_says_so_and_names_what_it_skips(rules, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))  # empty
    monkeypatch.setenv("REGLAB_EXPLORE", "static")
    committed = nbformat.read(CHAPTER, as_version=4)
    notebook = nbformat.read(CHAPTER, as_version=4)
    normalize.execute(notebook, str(CHAPTER.parent))  # raises if a cell fails
    normalize.normalize(notebook)
    skipped = ""
    for cell, before in zip(code_cells(notebook), code_cells(committed), strict=True):
        if tagged(cell):
            assert printed(cell) == rules.said_without_data(cell.source) != ""
            skipped += printed(cell)
        else:
            assert cell.outputs == before.outputs, cell.source
    first, *others = skipped.splitlines()
    assert "show the results on file" in first
    assert len(others) >= 4 and len(set(others)) == len(others)
    assert all(line.startswith(rules.SKIPPED) for line in others)


def test_in_git_it_stands_with_all_claims():
    cells = code_cells(nbformat.read(CHAPTER, as_version=4))
    assert "Skipped" not in "".join(map(printed, cells))
    for cell in filter(tagged, cells):
        assert cell.outputs or "claim(" not in cell.source, cell.source


def test_cells_that_need_the_data_have_the_tag():
    for cell in code_cells(nbformat.read(CHAPTER, as_version=4)):
        assert tagged(cell) == ("if need_data(" in cell.source), cell.source


def test_the_words_are_the_same_everywhere(rules):
    sources = "".join(c.source for c in nbformat.read(CHAPTER, as_version=4).cells)
    assert f'print(f"{rules.SKIPPED}: {{what}}.")' in sources
    assert fresh.RUN_WITHOUT == rules.SKIPPED


def panels():
    return {"accuracy": {"train": TRAIN, "held": TEST}, "loss": {"loss": TRAIN}}


def test_curves_are_silent_in_a_build(monkeypatch, capfd):
    monkeypatch.setenv("REGLAB_EXPLORE", "static")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    curves = Curves(3, **panels())
    for epoch in curves.epochs():
        curves.add(train=0.1 * epoch, held=0.1, loss=2)
    assert curves.values["train"] == pytest.approx([0.1, 0.2, 0.3])
    assert capfd.readouterr() == ("", "")


def test_curves_grow_where_someone_watches(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    curves = Curves(3, **panels())
    pictures = [curves.picture.value]
    for epoch in curves.epochs():
        curves.add(train=0.1 * epoch, held=0.1, loss=9 / epoch)  # beyond the axes
        pictures.append(curves.picture.value)
        assert f"train {0.1 * epoch:.3f}" in curves.picture.value  # for screen readers
    assert len(set(pictures)) == 4
    assert all("<svg" in picture for picture in pictures)


def test_bad_curves():
    with pytest.raises(ValueError, match="at least one epoch"):
        Curves(0, **panels())
    with pytest.raises(ValueError, match="each of train, held, loss, not for train"):
        Curves(2, **panels()).add(train=1)


def test_a_table_is_text_and_html():
    shown = table(["name", "value"], [["a < b", 1], ["c", 0.5]])
    assert repr(shown) == "name   value\na < b  1\nc      0.5"
    html = shown._repr_html_()
    assert '<th scope="row">a &lt; b</th><td>1</td>' in html
    assert html.count('scope="col"') == 2


@pytest.mark.parametrize("rows", [[], [["a"]]])
def test_bad_tables(rows):
    with pytest.raises(ValueError, match=r"at least one row|should have 2"):
        table(["name", "value"], rows)
