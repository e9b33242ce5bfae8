"""Make a slide deck of each chapter from the chapter's own cells.

    python book/_kit/decks.py [NAME ...]        writes dist/decks/NAME.html

A deck is one HTML file that asks for nothing: reveal.js, formulas as MathML and the figures
with their sliders are inside. The outputs come from the execution cache that building the
book has filled; nothing is run again. What becomes a slide follows from what a cell is:

- the opening: title and promise, then what one can do afterwards;
- a heading: a slide with the first sentence below it, and one for each formula and table;
- a question before a slider, the figure, then the answer and the claims that were tested;
- the summary and the quiz. Exercises and references stay in the chapter.

Two tags change that: `slide` on a code cell shows its code, `no-slide` leaves a cell out.
The prose that a slide leaves out is in the speaker's notes (key S).
"""

import re
import sys
from importlib.resources import files
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from markdown_it import MarkdownIt
from math_core import LatexError
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbconvert.exporters import SlidesExporter
from nbformat.v4 import new_markdown_cell

import fresh
from facts import ROOT, chapters, repository, site
from mathml import converter
from parcel import fail, replace

HERE = Path(__file__).parent
DECKS = ROOT / "dist/decks"
LETTERS = 700  # of an answer and its claims on a slide
LINE = 30  # letters that a claim's own line is worth
TERMS_ON_A_SLIDE = 4
ROOM_BELOW = 4  # claims, on the slide of a heading
SHORT = 250  # characters that leave that room
ROWS = 10  # of a table that can be read from the last row of seats
LONG = 450  # characters that leave no room for another formula
REVEAL = files("sphinx_revealjs") / "_static/revealjs"


def executed(path):
    """Return the notebook at `path` with the outputs of its last execution.

    Raises
    ------
    ValueError
        If its cells have not been run since they were changed.
    """
    folder = ROOT / "_build/.jupyter_cache" / fresh.digest(fresh.OUTPUTS_DEPEND_ON)
    notebook = nbformat.read(path, as_version=4)
    try:
        if not folder.is_dir():
            raise KeyError(folder)
        return get_cache(folder).merge_match_into_notebook(notebook)[1]
    except KeyError:
        raise ValueError(
            f"{path.name} has not been run as it stands: `make book` does that"
        ) from None


# From prose to slides ------------------------------------------------------------------

DETAILS = re.compile(r"<details.*?</details>", re.S)
FORMULA = re.compile(r"^\$\$.*?^\$\$(?: *\([\w-]+\))?", re.S | re.M)
QUESTION = re.compile(
    r"\*\*Predict before you move\.\*\*(?P<question>.*?)"
    r"<details class=\"predict\"><summary>.*?</summary>(?P<answer>.*?)</details>",
    re.S,
)


def blocks(text):
    """Split Markdown into headings, formulas, lists, tables and paragraphs, in their order."""
    text = FORMULA.sub(lambda found: f"\n\n{found[0]}\n\n", text)
    kinds = [("#", "heading"), ("$$", "formula"), ("|", "table"), ("- ", "list")]
    for block in filter(None, map(str.strip, re.split(r"\n\s*\n", text))):
        kind = next((kind for mark, kind in kinds if block.startswith(mark)), "words")
        yield kind, block


def slide(kind, *parts, notes="", look="words"):
    """Return a Markdown cell that nbconvert makes a slide of."""
    cell = new_markdown_cell("\n\n".join(filter(None, parts)))
    cell.metadata.slideshow = {"slide_type": kind, "data": {"look": look}}
    cell.metadata.notes = notes.strip()
    return cell


class Deck:
    """The slides of one chapter, made cell by cell."""

    def __init__(self, chapter):
        self.chapter, self.slides = chapter, []
        self.section = ""
        self.opened = None  # the slide of a heading, while there is room on it
        self.pending = self.answer = ""  # to a question, before and after its figure
        self.claims = []

    def add(self, kind, *parts, **options):
        self.slides.append(slide(kind, *parts, **options))

    @property
    def kicker(self):
        """The section's name, small, above a slide that continues it."""
        return f'<p class="kicker">{plain(self.section)}</p>'

    @property
    def has_room(self):
        """Whether the last slide is that of a heading with little on it."""
        return self.opened is not None and self.slides[-1] is self.opened

    def flush(self):
        """Put the answer to a question and the claims since the last slide on slides."""
        if self.has_room and not self.answer:
            shown, self.claims = self.claims[:ROOM_BELOW], self.claims[ROOM_BELOW:]
            self.opened.source += f"\n\n{tested(shown)}"
        title = "### What happens" if self.answer else "### Tested"
        while self.answer or self.claims:
            shown, letters = [], len(self.answer)
            while self.claims:
                letters += len(self.claims[0]) + LINE
                if letters > LETTERS and (shown or self.answer):
                    break
                shown.append(self.claims.pop(0))
            self.add("subslide", self.kicker, title, self.answer, tested(shown))
            self.answer, title = "", "### Tested"
        self.opened = None

    def opening(self):
        chapter = self.chapter
        owner, name = repository()
        page = f"{site()}/book/{chapter.name}.html"
        source = f"[{owner}/{name}](https://github.com/{owner}/{name}), CC BY 4.0"
        self.add(
            "slide",
            f"# {chapter.title}",
            chapter.promise[0].upper() + chapter.promise[1:],
            f'<p class="source">From the chapter <a href="{page}">{chapter.title}</a> of '
            f"<em>Learning to Generalize</em></p>\n\n{source}",
            look="title",
            notes="Arrow keys and the clicker turn slides; in a slider the arrows move it, "
            "and Escape leaves it. O shows all slides, F fills the screen.",
        )
        self.section = chapter.title
        abilities = "\n".join(f"- {ability}" for ability in chapter.abilities)
        self.add("subslide", self.kicker, "## Afterwards you can", abilities)

    def prose(self, text):
        """Add the slides of a Markdown cell: of each heading, then of each question."""
        answers = [found["answer"].strip() for found in QUESTION.finditer(text)]
        questions = [found["question"].strip() for found in QUESTION.finditer(text)]
        text = DETAILS.sub("", QUESTION.sub("", text))
        for part in re.split(r"(?=^#{2,4} )", text, flags=re.M):
            if part.strip():
                self.part(part)
        for question in questions:
            if self.has_room and not self.claims:
                self.opened.source += f"\n\n### Predict\n\n{question}"
                self.opened = None
                continue
            self.flush()
            self.add("subslide", self.kicker, "### Predict", question, look="predict")
        self.pending = "\n\n".join(answers) or self.pending

    def part(self, text):
        """Add the slides of one heading with what stands below it, or of prose without one."""
        known = list(blocks(text))
        if known[0][0] == "heading":
            self.flush()
            self.heading(known)
        before, formulas = "", None
        for kind, block in known:
            if kind == "formula" or (kind == "table" and block.count("\n") <= ROWS):
                lead = last_sentence(before)
                if formulas and kind == "formula" and len(formulas.source) < LONG:
                    formulas.source += f"\n\n{lead}\n\n{block}"
                else:
                    self.flush()
                    self.add("subslide", self.kicker, lead, block, look=kind)
                    formulas = self.slides[-1] if kind == "formula" else None
            before = block if kind == "words" else ""

    def heading(self, known):
        """Add the first slide of a section, and take from `known` what is on it."""
        level, self.section = known.pop(0)[1].split(" ", 1)
        words = "\n".join(block for kind, block in known if kind in ("words", "list"))
        if self.section == "Summary":
            body, words = words, ""
        elif self.section == "Quiz":
            body = "Choose first, then open an answer."
        else:
            lines = [line.strip().removeprefix("- ") for line in words.splitlines()]
            terms = [n for n in lines[1:] if "**" in n and n[-1] in ".!?)"]
            terms = terms[:TERMS_ON_A_SLIDE]
            body = "\n".join([*lines[:1], "", *(f"- {line}" for line in terms)])
            kinds = [kind for kind, _ in known[:2]]
            if not terms and kinds == ["words", "formula"]:
                body = f"{known[0][1]}\n\n{known[1][1]}"
                del known[:2]
        kind = "slide" if level == "##" else "subslide"
        self.add(kind, f"## {self.section}", body, notes=words)
        self.opened = self.slides[-1] if len(body) < SHORT else None

    def code(self, cell):
        """Add the slides of a code cell: its figure, its quiz, its claims or its code."""
        tags = cell.metadata.get("tags", [])
        printed = "".join(output.get("text", "") for output in cell.outputs)
        shown = [o for o in cell.outputs if "text/html" in o.get("data", {})]
        if "slide" in tags or shown:
            continued = self.has_room and not shown and not self.claims
            if not continued:
                self.flush()
            look = "quiz" if "remove-input" in tags else "figure" if shown else "code"
            if not continued:
                self.add("subslide", self.kicker, look=look)
            copy = nbformat.v4.new_code_cell(cell.source, outputs=shown)
            copy.metadata.slideshow = {"slide_type": "-"}
            copy.metadata.transient = {"remove_source": "slide" not in tags}
            self.slides.append(copy)
        if self.pending and shown:
            self.answer, self.pending = self.pending, ""
        self.claims += [
            line.removeprefix("✓ ")
            for line in printed.splitlines()
            if line.startswith("✓ ")
        ]


def last_sentence(words):
    """Return the last sentence of a paragraph; sources have one on each line."""
    return words.splitlines()[-1] if words else ""


def tested(claims):
    """Return claims as a list."""
    items = "\n".join(f"- {claim}" for claim in claims)
    return f'<div class="claims">\n\n{items}\n\n</div>' if claims else ""


def plain(title):
    """Return a heading without its marks."""
    return title.replace("`", "").replace("*", "")


def slides(chapter, notebook):
    """Return the deck of an executed chapter as a notebook of slides."""
    deck = Deck(chapter)
    deck.opening()
    for cell in notebook.cells[1:]:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            continue
        if cell.cell_type == "markdown" and "## Exercises" in cell.source:
            break
        if tags & {"setup", "check", "solution", "no-slide"}:
            continue
        if cell.cell_type == "markdown":
            deck.prose(cell.source)
        elif cell.cell_type == "code":
            deck.code(cell)
    deck.flush()
    for number, cell in enumerate(deck.slides):
        cell.id = f"cell-{number}"  # the library draws them at random
        notes = cell.metadata.pop("notes", "")
        if notes:
            cell.source += f'\n\n<aside class="notes">\n\n{notes}\n\n</aside>'
    return nbformat.v4.new_notebook(cells=deck.slides)


# From slides to HTML -------------------------------------------------------------------


def formula(latex, options):
    """Return LaTeX as MathML."""
    display = options["display_mode"]
    try:
        return converter.convert_with_local_state(latex.strip(), displaystyle=display)
    except LatexError as error:
        raise ValueError(f"formula {latex!r}: {error}") from None


def renderer(chapter):
    """Return a function from the chapter's Markdown to HTML, as on its page."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    markdown.use(dollarmath_plugin, renderer=formula, allow_labels=True)
    page = f"{site()}/book/"

    def render(text, **_):
        text = re.sub(r" ?\{cite:p\}`[^`]*`", "", text)
        text = re.sub(r"\{cite:t\}`([a-z-]+)\d+\w*`", lambda m: m[1].title(), text)
        text = re.sub(r"\]\(([\w-]+)\.ipynb", rf"]({page}\1.html", text)
        return markdown.render(text)

    return render


def make(chapter):
    """Return the deck of a chapter as one HTML page."""
    exporter = SlidesExporter(
        template_name="deck",
        extra_template_basedirs=[str(HERE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exporter.register_filter("markdown2html", renderer(chapter))
    asset = {
        "reveal_css": (REVEAL / "dist/reveal.css").read_text(encoding="utf-8"),
        "reveal_js": (REVEAL / "dist/reveal.js").read_text(encoding="utf-8"),
        "notes_js": (REVEAL / "plugin/notes/notes.js").read_text(encoding="utf-8"),
        "deck_css": (HERE / "deck/deck.css").read_text(encoding="utf-8"),
        "deck_js": (HERE / "deck/deck.js").read_text(encoding="utf-8"),
    }
    # no script may end early; source maps would be looked for elsewhere
    for key, text in asset.items():
        text = re.sub(r"(//|/\*)# sourceMappingURL=.*", "", text)
        asset[key] = text.replace("</script", "<\\/script") if "js" in key else text
    notebook = slides(chapter, executed(chapter.path))
    resources = {"title": chapter.title, "asset": asset}
    return exporter.from_notebook_node(notebook, resources)[0]


def main(names):
    """Write the decks of the chapters named, or of all."""
    known = {chapter.name: chapter for chapter in chapters()}
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no chapter; there are {', '.join(known)}")
    for number, name in enumerate(names or known, start=1):
        page = make(known[name])
        replace(DECKS / f"{name}.html", page.encode())
        print(f"{number:2} of {len(names or known)}  {name}: {len(page) // 1000} KB")


if __name__ == "__main__":
    with fail():
        main(sys.argv[1:])
