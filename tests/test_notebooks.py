"""The notebooks stand in git as they were run: nothing unrun, nothing hidden."""

import subprocess
import sys

import nbformat
import pytest

import address
import normalize
from conftest import ROOT

LONGEST_CELL = 24
LONGEST_FIGURE = 60  # folded on the page: layout, update and alt text of one figure
WIDEST = 88  # characters that fit beside the sidebars at 1280 px
NOTEBOOKS = normalize.notebooks()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_every_cell_has_run_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_are_text_without_errors(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert set(output.get("data", {})) <= {"text/plain"}, cell.source


def test_a_notebook_says_something(notebook):
    # a stripped notebook would pass every comparison
    assert any(cell.outputs for cell in code_cells(notebook))


def test_setup_cell(notebook):
    first = notebook.cells[0]
    assert first.metadata.get("tags") == ["remove-cell", "setup"]
    assert first.source == address.setup_cell()
    assert not first.outputs, "the set-up cell speaks outside Colab"


def test_cells_are_short_and_narrow(notebook):
    for cell in code_cells(notebook):
        tags = cell.metadata.get("tags", [])
        folded = {"hide-input", "remove-cell"} & set(tags)
        longest = LONGEST_FIGURE if folded else LONGEST_CELL
        lines = cell.source.splitlines()
        assert len(lines) <= longest, cell.source
        if not {"remove-input", "remove-cell"} & set(tags):
            assert max(map(len, lines)) <= WIDEST, cell.source


def test_addresses_agree():
    assert not address.outdated(), "run `make address`"


def test_readme_has_the_address():
    owner, repository = address.find_address(address.CONFIG, "url:")
    assert f"{owner}/{repository}" in (ROOT / "README.md").read_text(encoding="utf-8")


def sample(**changes):
    cell = nbformat.v4.new_code_cell(
        "1 + 1", execution_count=7, metadata={"scrolled": True}
    )
    html = {"text/plain": "2", "text/html": "<b>2</b>"}
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a\n"),
        nbformat.v4.new_output("stream", name="stdout", text="b\n"),
        nbformat.v4.new_output("display_data", {"image/png": "xyz"}),
        nbformat.v4.new_output("execute_result", html, execution_count=7),
    ]
    cell.update(changes)
    return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})


def test_normalize_keeps_text_alone():
    notebook = normalize.normalize(sample())
    assert notebook.metadata == normalize.METADATA
    cell = notebook.cells[0]
    assert (cell.execution_count, cell.metadata) == (1, {})
    printed, result = cell.outputs
    assert printed.text == "a\nb\n"
    assert result.data == {"text/plain": "2"}
    assert result.execution_count == 1


@pytest.mark.parametrize(
    "output, message",
    [
        (nbformat.v4.new_output("stream", name="stderr", text="careful"), "careful"),
        (
            nbformat.v4.new_output("error", ename="ValueError", evalue="no"),
            "ValueError: no",
        ),
    ],
)
def test_normalize_refuses(output, message):
    with pytest.raises(ValueError, match=message):
        normalize.normalize(sample(outputs=[output]))


def run(script, *arguments):
    command = [sys.executable, ROOT / "tests" / script, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_normalize_check_tells_and_changes_nothing(tmp_path):
    path = tmp_path / "x.ipynb"
    nbformat.write(sample(), path)
    before = path.read_bytes()
    done = run("normalize.py", "--check", path)
    assert done.returncode == 1
    assert "not normalized" in done.stderr
    assert path.read_bytes() == before
    assert run("normalize.py", path).returncode == 0
    assert run("normalize.py", "--check", path).returncode == 0


def test_normalize_execute_names_the_error(tmp_path):
    path = tmp_path / "x.ipynb"
    cell = nbformat.v4.new_code_cell("undefined")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    done = run("normalize.py", "--execute", path)
    assert done.returncode == 1
    assert "NameError" in done.stderr
    assert "nbclient" not in done.stderr, "a stack trace of ours reached the user"


def test_address_refuses_what_is_no_repository():
    done = run("address.py", "https://example.org/x")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_address_moves_every_kind_of_link():
    text = "github.com/a/b colab.research.google.com/github/a/b/blob/main https://a.github.io/b/"
    moved = address.moved(text, ("a", "b"), ("c", "d"))
    assert moved == text.replace("/a/b", "/c/d").replace(
        "a.github.io/b", "c.github.io/d"
    )
