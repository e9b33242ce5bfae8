"""Each chapter runs in Colab: a machine with torch but without d2l, reglab and our versions.

Colab is played by a fresh virtual environment that sees the packages of this one except
d2l and reglab. The repository is a commit of the working tree, so that edits count.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest

import address
import assign
import normalize
from conftest import ROOT

ABSENT = ("d2l", "reglab", "learning_to_generalize", "__pycache__")
ABSENT += ("otter", "dill", "fica", "ipylab", "frontmatter", "python_frontmatter")
PLAY_COLAB = (
    'import sys, types; sys.modules["google.colab"] = types.ModuleType("google.colab")'
)
WHERE = "import d2l, reglab\n\nprint(d2l.__file__, reglab.__file__, sep='\\n')"
MOVE = """
from reglab.explore import Explore

figures = [shown for shown in Out.values() if isinstance(shown, Explore)]
assert figures, "the chapter shows no figure"
for figure in figures:
    picture = figure.box.children[-1]
    for control in figure.controls.values():
        before = picture.value
        if hasattr(control, "options"):
            control.value = next(o for o in control.options if o != control.value)
        else:
            middle = 0.53 * control.min + 0.47 * control.max  # seldom on the grid
            middle = control.base**middle if hasattr(control, "base") else middle
            control.value = type(control.value)(middle)
        assert picture.value != before, figure
        assert "cannot follow" not in picture.value, picture.value
"""
RUN = """
import sys, nbclient, nbformat
path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, path)
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Return the address of a repository whose only commit is the working tree."""
    folder = tmp_path_factory.mktemp("repository")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-q", "-m", "The working tree"],
    ):
        subprocess.run(git + command, cwd=folder, check=True)
    return folder.as_uri()


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Return the Python of an environment that resembles Colab's."""
    folder = tmp_path_factory.mktemp("colab")
    venv.create(folder / "env")
    links = folder / "links"
    links.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(ABSENT):
            (links / package.name).symlink_to(package)
    python = folder / "env/bin/python"
    query = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site_packages = Path(subprocess.check_output(query, text=True).strip())
    (site_packages / "colab.pth").write_text(f"{links}\n{PLAY_COLAB}\n")
    return python


def run(python, *arguments, folder):
    # as on Colab, figures are live; no kernel of this machine is to be found
    environment = {
        k: v for k, v in os.environ.items() if k not in ("REGLAB_EXPLORE", "PYTHONPATH")
    }
    environment["JUPYTER_DATA_DIR"] = str(folder)
    return subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_stage_is_set(colab, tmp_path):
    present = "import sys, torch, ipykernel; sys.modules['google.colab']"
    assert run(colab, "-c", present, folder=tmp_path).returncode == 0
    for name in ("d2l", "reglab"):
        done = run(colab, "-c", f"import {name}", folder=tmp_path)
        assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("chapter", normalize.notebooks(), ids=lambda path: path.stem)
def test_chapter_runs(colab, repository, chapter, tmp_path):
    notebook = nbformat.read(chapter, as_version=4)
    setup = notebook.cells[0]
    owner, name = address.find_address(address.CONFIG, "url:")
    assert f"https://github.com/{owner}/{name}" in setup.source
    setup.source = setup.source.replace(
        f"https://github.com/{owner}/{name}", repository
    )
    # the sliders are moved when all cells have run, as a reader does
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (MOVE, WHERE)]
    nbformat.write(notebook, tmp_path / chapter.name)

    done = run(colab, "-c", RUN, chapter.name, folder=tmp_path)
    assert done.returncode == 0, done.stderr

    *_, last = nbformat.read(tmp_path / chapter.name, as_version=4).cells
    for file in last.outputs[0].text.split():
        assert Path(file).is_relative_to(colab.parent.parent), file


def test_assignment_runs(colab, repository, tmp_path):
    """The public tests of an assignment work where otter has to be installed first."""
    name = "weight-decay-scratch"
    assign.make(assign.masters()[name], tmp_path / "made")
    notebook = nbformat.read(tmp_path / "made/solution.ipynb", as_version=4)
    setup = notebook.cells[0]
    owner, repo = address.find_address(address.CONFIG, "url:")
    setup.source = setup.source.replace(
        f"https://github.com/{owner}/{repo}", repository
    )
    # by its shell otter tells Colab from others
    play = "type(get_ipython()).__str__ = lambda self: 'google.colab._shell.Shell'"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(play))
    nbformat.write(notebook, tmp_path / "x.ipynb")

    done = run(colab, "-c", RUN, "x.ipynb", folder=tmp_path)
    assert done.returncode == 0, done.stderr

    cells = nbformat.read(tmp_path / "x.ipynb", as_version=4).cells
    checks = [cell for cell in cells if cell.source.startswith("grader.check(")]
    assert len(checks) == 6
    for cell in checks:
        assert "All test cases passed!" in str(cell.outputs), cell


def test_setup_says_when_it_fails(colab, tmp_path):
    cell = address.setup_cell().replace(
        "https://github.com", (tmp_path / "nowhere").as_uri()
    )
    done = run(colab, "-c", cell, folder=tmp_path)
    assert done.returncode != 0
    assert "CalledProcessError" in done.stderr


def test_setup_does_nothing_elsewhere(tmp_path):
    done = run(Path(sys.executable), "-c", address.setup_cell(), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
