"""A rebuild runs what its outputs depend on and nothing else; a failed build stays failed."""

import json
import shutil
from types import SimpleNamespace

import nbformat
import pytest

import fresh
from conftest import ROOT, build
from reglab import fashion

PAGE = "_build/html/book/chapter.html"


@pytest.fixture
def project(tmp_path):
    """Return a book of one page that prints what its `reglab` says."""
    book = tmp_path / "book"
    for folder in ("_ext", "_static", "_templates"):
        shutil.copytree(ROOT / "book" / folder, book / folder)
    shutil.copy(ROOT / "book/references.bib", book)
    for name in ("_config.yml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/chapter\n")
    (book / "reglab").mkdir()
    (book / "reglab/__init__.py").write_text("SAYS = 'first'\n")
    for name in ("palette.py", "valid.py"):  # the pages' colours
        shutil.copy(ROOT / "book/reglab" / name, book / "reglab")
    write_chapter(
        tmp_path, "# Chapter", "import reglab\n\nprint('it says', reglab.SAYS)"
    )
    return tmp_path


def write_chapter(project, prose, code, name="chapter"):
    cells = [nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell(code)]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells), project / f"book/{name}.ipynb"
    )


def test_plain_build_has_no_warnings(project):
    assert "WARNING:" not in build(project)


def test_runs_again_after_an_edit_and_only_then(project):
    assert "Ran chapter" in build(project)
    assert "it says first" in (project / PAGE).read_text()

    assert "Ran chapter" not in build(project)

    (project / "book/reglab/__init__.py").write_text("SAYS = 'other'\n")
    assert "Ran chapter" in build(project)
    assert "it says other" in (project / PAGE).read_text()

    # back to the first state, whose outputs are still at hand
    (project / "book/reglab/__init__.py").write_text("SAYS = 'first'\n")
    assert "Ran chapter" not in build(project)
    assert "it says first" in (project / PAGE).read_text()


MEET = """
import time
from pathlib import Path

Path("{mine}.here").touch()
until = time.monotonic() + 60
while not Path("{other}.here").exists():
    assert time.monotonic() < until, "the other chapter does not run"
    time.sleep(0.05)
print("they met")
"""


def test_chapters_run_side_by_side(project):
    write_chapter(project, "# Chapter", MEET.format(mine="one", other="two"))
    write_chapter(
        project, "# Other", MEET.format(mine="two", other="one"), name="other"
    )
    toc = "format: jb-book\nroot: book/chapter\nchapters:\n  - file: book/other\n"
    (project / "_toc.yml").write_text(toc)
    printed = build(project, "-W", "-n", "--keep-going")
    assert "(2 of 2)" in printed
    assert "Executing notebook" not in printed, "a chapter ran twice"
    assert "they met" in (project / PAGE).read_text()


def cache_of(project):
    """Return the folder of outputs that a build of `project` would use."""
    config = SimpleNamespace()
    fresh.choose_cache(SimpleNamespace(outdir=project / "_build/html"), config)
    return config.nb_execution_cache_path


def test_requirements_count(project, monkeypatch):
    monkeypatch.setattr(fresh, "BOOK", project / "book")
    before = cache_of(project)
    assert cache_of(project) == before
    (project / "requirements.txt").write_text("another-package==1.0\n")
    assert cache_of(project) != before


def test_old_caches_go(project, monkeypatch):
    monkeypatch.setattr(fresh, "BOOK", project / "book")
    for n in range(5):
        (project / "book/reglab/__init__.py").write_text(f"SAYS = {n}\n")
        newest = cache_of(project)
    left = list((project / "_build/.jupyter_cache").iterdir())
    assert len(left) == fresh.CACHES_TO_KEEP
    assert newest in map(str, left)


def test_pages_follow_the_extensions(project):
    build(project)
    assert "data-new" not in (project / PAGE).read_text()
    layout = project / "book/_templates/layout.html"
    layout.write_text(layout.read_text().replace("<noscript>", "<noscript data-new>"))
    assert "Ran chapter" not in build(project)
    assert "data-new" in (project / PAGE).read_text()


def test_failed_build_fails_again(project):
    prose = "# Chapter\n\n$\\nosuchcommand$\n\n[away](nowhere.md)"
    write_chapter(project, prose, "import warnings\n\nwarnings.warn('beware')")
    for _ in range(2):
        with pytest.raises(AssertionError) as complaint:
            build(project, "-W", "-n", "--keep-going")
        for part in ("nosuchcommand", "nowhere.md", "stderr"):
            assert part in str(complaint.value)


def test_failed_cell_fails_the_build(project):
    write_chapter(project, "# Chapter", "raise ValueError('it broke')")
    with pytest.raises(AssertionError, match="it broke") as complaint:
        build(project, "-W", "-n", "--keep-going")
    assert "Could not run chapter (1 of 1)" in str(complaint.value)


def test_formula_keeps_its_source(project):
    write_chapter(
        project,
        "# Chapter\n\n$$\n\\frac{a}{b} < 1\n$$ (ratio)\n\nSee {eq}`ratio`.",
        "1",
    )
    build(project, "-W", "-n", "--keep-going")
    page = (project / PAGE).read_text()
    assert "<mfrac>" in page
    assert json.dumps("application/x-tex") in page
    assert "\\frac{a}{b} &lt; 1</annotation>" in page
    assert 'href="#equation-ratio"' in page


def test_runs_again_when_the_data_are_there(project, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    look = f"from pathlib import Path\n\nhere = any(Path({str(folder)!r}).iterdir())\n"
    write_chapter(
        project,
        "# Chapter",
        f"{look}print('all here' if here else {fresh.RUN_WITHOUT!r})",
    )
    assert "Ran chapter" in build(project)
    assert fresh.RUN_WITHOUT in (project / PAGE).read_text()
    assert "Ran chapter" not in build(project)

    for name in fashion.NAMES.values():
        (folder / name).touch()
    assert "Ran chapter" in build(project)
    assert "all here" in (project / PAGE).read_text()
    assert "Ran chapter" not in build(project)
