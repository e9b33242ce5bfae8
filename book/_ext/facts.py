"""What the pages around a chapter say about it, read from the chapter itself.

The instructors' pages, the box on each chapter, the slides and the packs all take titles,
minutes and abilities from here, so that none of them is typed a second time.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")


@dataclass(frozen=True)
class Chapter:
    """A chapter as its first cells describe it.

    Attributes
    ----------
    name, title, promise, needs, run : str
        `name` is the file's, without `.ipynb`; the others are Markdown.
    abilities : tuple of str
        What a reader can do afterwards.
    minutes : int
        To read it.
    """

    name: str
    title: str
    promise: str
    needs: str
    abilities: tuple
    minutes: int
    run: str

    @property
    def path(self):
        return ROOT / f"book/{self.name}.ipynb"


def prose(path):
    """Return the Markdown of a notebook as one text."""
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def read_chapter(path):
    """Return the `Chapter` in the notebook at `path`.

    Raises
    ------
    ValueError
        If it does not open as chapters do, with title, promise, needs, abilities and minutes.
    """
    head = prose(path).split("\n## ")[0]
    paragraphs = re.split(r"\n{2,}", head)
    minutes = re.search(r"About (\d+) minutes to read, (.*?) to run", head)
    abilities = tuple(re.findall(r"^- (.*?)[,.]?$", head, re.MULTILINE))
    if len(paragraphs) < 4 or not minutes or not abilities:
        raise ValueError(
            f"{path.name} does not open with title, promise, needs, abilities and minutes"
        )
    return Chapter(
        name=path.stem,
        title=paragraphs[0].removeprefix("# ").strip(),
        promise=paragraphs[1].strip("* \n"),
        needs=paragraphs[2].replace("\n", " "),
        abilities=abilities,
        minutes=int(minutes[1]),
        run=minutes[2],
    )


@cache
def chapters(root=ROOT):
    """Return every `Chapter` in the parts of `_toc.yml`, in their order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = toc.get("parts", [])  # a book of one page has none
    files = [entry["file"] for part in parts for entry in part["chapters"]]
    notebooks = [(root / file).with_suffix(".ipynb") for file in files]
    return tuple(read_chapter(path) for path in notebooks if path.exists())


def repository(root=ROOT):
    """Return owner and name of the book's repository, as `_config.yml` has it."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return ADDRESS.fullmatch(config["repository"]["url"]).groups()


def site(root=ROOT):
    """Return the address of the published book, without a slash at its end."""
    owner, name = repository(root)
    return f"https://{owner}.github.io/{name}"


@dataclass(frozen=True)
class Assignment:
    """The graded assignment of a chapter, as its master notebook describes it.

    Attributes
    ----------
    minutes : int
    questions : tuple of (str, float, bool)
        Name, points, and whether a person has to read the answer.
    rubrics, answers : dict of str to str
        How those are marked, and a model answer, as Markdown by the question's name. Both
        go into the instructor's pack, never on a public page.
    """

    minutes: int
    questions: tuple
    rubrics: dict
    answers: dict

    @property
    def summary(self):
        points = sum(points for _, points, _ in self.questions)
        read = sum(by_hand for *_, by_hand in self.questions)
        return (
            f"about {self.minutes} minutes for the assignment, {len(self.questions)} "
            f"questions with {points:g} points, {read} of them read by you"
        )


def master(name, root=ROOT):
    """Return where the master notebook of a chapter's assignment stands, if there is one."""
    return root / f"book/assignments/{name}.ipynb"


def assignment(name, root=ROOT):
    """Return the `Assignment` of a chapter, or None if it has none."""
    path = master(name, root)
    return read_assignment(path) if path.exists() else None


def read_assignment(path):
    """Return the `Assignment` in the master notebook at `path`.

    Raises
    ------
    ValueError
        If it does not say how many minutes it takes, or a question read by hand has no rubric.
    """
    cells = nbformat.read(path, as_version=4).cells
    minutes = re.search(r"About (\d+) minutes", prose(path))
    if not minutes:
        raise ValueError(f"assignments/{path.name} does not say “About … minutes”")
    questions, rubrics, answers, solved = [], {}, {}, False
    for cell in cells:
        first, _, rest = cell.source.partition("\n")
        if cell.cell_type == "raw" and first == "# BEGIN QUESTION":
            config = yaml.safe_load(rest)
            points = config.get("points", 0)
            points = sum(points) if isinstance(points, list) else points
            name, by_hand = config["name"], bool(config.get("manual"))
            if points:  # the student's number counts nothing
                questions.append((name, points, by_hand))
        elif cell.cell_type == "raw" and first == "# IGNORE rubric":
            rubrics[name] = rest.strip()
        elif cell.cell_type == "raw":
            solved = first == "# BEGIN SOLUTION"
        elif cell.cell_type == "markdown" and solved and by_hand:
            answers[name] = cell.source
    for name, _, by_hand in questions:
        if by_hand and not (rubrics.get(name) and answers.get(name)):
            raise ValueError(
                f"assignments/{path.name}: {name} lacks a rubric or an answer"
            )
    return Assignment(int(minutes[1]), tuple(questions), rubrics, answers)
