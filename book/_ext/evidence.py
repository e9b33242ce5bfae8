"""What carries each item of the source articles, and each section: read from the notebooks.

    python book/_ext/evidence.py     prints it all

A cell carries an item of `source-items.yml` if the item's id is one of the cell's tags. What a
cell claims are the lines that `claim` printed when it ran; the tests compare the outputs in the
notebooks with a fresh run.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml

BOOK = Path(__file__).resolve().parent.parent
ITEMS = BOOK / "source-items.yml"
ID = re.compile(r"S\d+\.e?\d+")
HEADING = re.compile(r"(#+) +(.+)")
FRAME = ("Summary", "Quiz", "Exercises", "References")  # in every chapter, at its end
WITHOUT_CLAIMS = {  # the sections that claim nothing, each with its reason
    ("overfitting", "A map of this book"): "says which chapter does what",
    ("weight-decay-scratch", "Move λ"): (
        "its figures suggest; What 20 seeds say counts, sentence by sentence"
    ),
    ("weight-decay-scratch", "The idea: large weights must pay"): (
        "a derivation; the section after it checks the step against autograd"
    ),
    ("gradient-descent", "Three local derivatives"): (
        "a derivation; all twelve derivatives are checked two sections on"
    ),
    ("gradient-descent", "An output weight: one path"): (
        "a derivation; all twelve derivatives are checked one section on"
    ),
    ("learning-rate-decay", "Look at the rate that was used"): (
        "announces three bugs, which exercises 2 to 4 run and check"
    ),
    ("dropout", "The idea: no unit may rely on another"): (
        "says what dropout is meant to do; the sections after it measure what it does"
    ),
    ("source-errata", "Every item, and what carries it"): (
        "holds tables made from all claims, which the tests check"
    ),
    ("source-errata", "Every printed value"): (
        "holds a table made from cells of all chapters, which the tests check"
    ),
}


@dataclass
class Section:
    """A heading of a chapter; `number` counts them from 0, the title."""

    chapter: str
    number: int
    level: int
    title: str
    claims: list = field(default_factory=list)  # its own and those of its subsections


@dataclass
class Cell:
    """A cell of a chapter, the section it stands in, and what it printed when it ran."""

    section: Section
    is_code: bool
    tags: list
    source: str
    output: str

    @property
    def items(self):
        """The ids of the items that the cell carries."""
        return [tag for tag in self.tags if ID.fullmatch(tag)]

    @property
    def claims(self):
        """The sentences that `claim` printed, with their figures."""
        if "claim(" not in self.source:
            return []  # also `check` prints a ✓
        lines = self.output.splitlines()
        return [x[2:].strip() for x in lines if x[:2] == "✓ " and x != "✓ Right."]

    @property
    def kind(self):
        """What a reader sees in it: text, code or a figure."""
        if not self.is_code:
            return "text"
        return "figure" if {"hide-input", "remove-input"} & set(self.tags) else "code"


def load_items():
    """Return what `source-items.yml` holds."""
    return yaml.safe_load(ITEMS.read_text(encoding="utf-8"))


def chapters():
    """Return the names of the chapters, in the book's order."""
    toc = (BOOK.parent / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"file: book/(\S+)", toc)
    return [name for name in names if (BOOK / f"{name}.ipynb").exists()]


def read(chapter):
    """Return the sections and the cells of a chapter."""
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    sections, cells = [], []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for level, title in headings(cell.source):
                sections.append(Section(chapter, len(sections), level, title))
        if not sections:
            continue  # the set-up cell
        output = "".join(
            x.get("text") or x.get("data", {}).get("text/plain", "")
            for x in cell.get("outputs", [])
        )
        code, tags = cell.cell_type == "code", cell.metadata.get("tags", [])
        cells.append(Cell(sections[-1], code, tags, cell.source, output))
    for cell in cells:
        level = 7
        for section in reversed(sections[: cell.section.number + 1]):
            if section.level < level:  # the cell's section, then those around it
                section.claims += cell.claims
                level = section.level
    return sections, cells


def headings(source):
    """Yield level and title of the headings in a Markdown text, code blocks left out."""
    fenced = False
    for line in source.splitlines():
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (match := HEADING.fullmatch(line)):
            yield len(match[1]), match[2].strip()


def without_claims(sections):
    """Return the sections that claim nothing, the title and the frame left out."""
    found, in_frame = [], False
    for section in sections:
        if section.level == 2:
            in_frame = section.title in FRAME
        if section.level > 1 and not in_frame and not section.claims:
            found.append(section)
    return found


def holder(cells, entry):
    """Return the cell that printed the line an entry of `printed` names, if there is one."""
    for cell in cells:
        if cell.section.chapter == entry["chapter"] and any(
            line.startswith(entry["line"]) for line in cell.output.splitlines()
        ):
            return cell
    return None


def numbers(cell):
    """Return the numbers in a cell's code, comments left out, and in what it printed."""
    texts, found = [cell.output], set()
    for node in ast.walk(ast.parse(cell.source)) if cell.is_code else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found |= {node.value, -node.value}  # -1.2 is a minus and a 1.2
    pattern = r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
    for text in texts:
        for number in re.findall(pattern, text):
            found.add(float(number.replace(",", "").replace("−", "-")))
    return found


def not_reproduced(entry, cells):
    """Return what is missing of an entry of `printed`: the line, or values in its cell."""
    cell = holder(cells, entry)
    if cell is None:
        return (
            f"{entry['item']}: no cell of {entry['chapter']} prints {entry['line']!r}"
        )
    missing = [value for value in entry["values"] if value not in numbers(cell)]
    if missing:
        return (
            f"{entry['item']}: the cell that prints {entry['line']!r} lacks {missing}"
        )
    if entry["item"] not in cell.items:
        return f"{entry['item']} is no tag of the cell that prints {entry['line']!r}"
    return None


def main():
    """Print what carries each item, what each section claims, and which claims nothing."""
    everything = [read(name) for name in chapters()]
    print("What carries each item\n")
    for item, text in load_items()["items"].items():
        print(f"{item:7}{text}")
        for cell in (cell for _, cells in everything for cell in cells):
            if item in cell.items:
                section = cell.section
                print(f"       {cell.kind} in {section.chapter}: {section.title}")
                print("".join(f"         ✓ {claim}\n" for claim in cell.claims), end="")
    print("\nThe sentences that stand in a claim, section by section\n")
    for _, cells in everything:
        spoken = None
        for cell in (cell for cell in cells if cell.claims):
            if cell.section is not spoken:
                spoken = cell.section
                print(f"{spoken.chapter}: {spoken.title}")
            print("".join(f"  ✓ {claim}\n" for claim in cell.claims), end="")
    print("\nSections that claim nothing, and why\n")
    for sections, _ in everything:
        for section in without_claims(sections):
            reason = WITHOUT_CLAIMS.get((section.chapter, section.title), "no reason")
            print(f"{section.chapter}: {section.title}\n  {reason}")


if __name__ == "__main__":
    main()
