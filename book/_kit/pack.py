"""Pack everything an instructor needs, and what students may have, into two zips.

    python book/_kit/pack.py

dist/instructor.zip    notes with rubrics and model answers, slides, notebooks for students,
                       autograders, solutions, quiz files
dist/student.zip       notes as published, slides, notebooks for students

`make pack` makes the parts first. Equal contents give equal bytes, and a part that is missing
is an error that names it: a zip is complete or it is not written.
"""

from urllib.parse import urljoin

from bs4 import BeautifulSoup

from decks import DECKS, renderer
from facts import ROOT, assignment, chapters, repository, site
from parcel import archive_bytes, fail, replace
from quizzes import QUIZZES, questions

DIST = ROOT / "dist"
PAGES = ROOT / "_build/html/book/teaching"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 Georgia, serif; }}
h1, h2, h3, table {{ font-family: system-ui, sans-serif; line-height: 1.3; }}
table {{ border-collapse: collapse; font-size: 0.9rem; }}
:is(th, td) {{ padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid #999;
  text-align: left; vertical-align: top; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
README = """\
# Learning to Generalize: {who}

{contents}

The chapters themselves, with their sliders: {site}
How all this is used: {site}/book/instructors.html
Made from https://github.com/{repository}; text CC BY 4.0, code MIT.
"""
FOR_INSTRUCTORS = """\
notes/         for each chapter: plan, wrong ideas, rubric and model answer; not for students
decks/         slides with working sliders; open them in a browser, no network is needed
assignments/   the notebooks that students get
autograders/   for Gradescope, `otter grade`, and `python -m reglab.grade`
solutions/     the notebooks with solutions and all tests
quizzes/       NAME.moodle.xml for Moodle, NAME.canvas.zip (QTI 1.2) for Canvas"""
FOR_STUDENTS = """\
notes/         for each chapter: what you can do afterwards, and a plan
decks/         slides with working sliders; open them in a browser, no network is needed
assignments/   the notebooks to work on; they run in Colab or in any Jupyter"""


def part(path, made_by):
    """Return the bytes of a part.

    Raises
    ------
    ValueError
        If it is missing.
    """
    if not path.exists():
        raise ValueError(
            f"{path.relative_to(ROOT)} is missing: `make {made_by}` makes it"
        )
    return path.read_bytes()


def note(chapter, private):
    """Return the teaching note of a chapter as a page that stands alone.

    Parameters
    ----------
    chapter : Chapter
    private : bool
        Whether rubrics and model answers are in it.
    """
    path = PAGES / f"{chapter.name}.html"
    article = BeautifulSoup(part(path, "book"), "html.parser").find("article")
    for mark in article.select("a.headerlink, script, aside, button"):
        mark.decompose()
    address = f"{site()}/book/teaching/{chapter.name}.html"
    for link in article.select("a[href]"):
        link["href"] = urljoin(address, link["href"])
    work = assignment(chapter.name)
    if private and work:
        section = article.find(id="rubric")
        section.clear()
        markdown = [f"## Rubric\n\nOf `{chapter.name}`, what you read yourself."]
        for name, points, by_hand in work.questions:
            if by_hand:
                markdown += [
                    f"### `{name}`, {points:g} points",
                    work.rubrics[name],
                    f"A model answer:\n\n{work.answers[name]}",
                ]
        html = renderer(chapter)("\n\n".join(markdown))
        section.append(BeautifulSoup(html, "html.parser"))
    return PAGE.format(title=f"Teaching: {chapter.title}", body=article).encode()


def readme(who, contents):
    """Return the text that says what is in a pack."""
    text = README.format(
        who=who, contents=contents, site=site(), repository="/".join(repository())
    )
    return text.encode()


def collect():
    """Return the contents of both packs: bytes by name, for instructors and for students."""
    ours = {"README.md": readme("for instructors", FOR_INSTRUCTORS)}
    theirs = {"README.md": readme("for students", FOR_STUDENTS)}
    for number, chapter in enumerate(chapters(), start=1):
        name = chapter.name
        print(f"{number:2} of {len(chapters())}  {name}", flush=True)
        ours[f"notes/{name}.html"] = note(chapter, private=True)
        theirs[f"notes/{name}.html"] = note(chapter, private=False)
        both = {f"decks/{name}.html": part(DECKS / f"{name}.html", "decks")}
        if assignment(name):
            made = DIST / "assignments" / name
            both[f"assignments/{name}.ipynb"] = part(
                made / "student.ipynb", "assignments"
            )
            for kind, file in (
                (f"autograders/{name}.zip", "autograder.zip"),
                (f"solutions/{name}.ipynb", "solution.ipynb"),
            ):
                ours[kind] = part(made / file, "assignments")
        for kind in ("moodle.xml", "canvas.zip") if questions(chapter.path) else ():
            path = QUIZZES / f"{name}.{kind}"
            ours[f"quizzes/{path.name}"] = part(path, "quizzes")
        ours |= both
        theirs |= both
    for kind in ("moodle.xml", "canvas.zip"):
        ours[f"quizzes/all.{kind}"] = part(QUIZZES / f"all.{kind}", "quizzes")
    return ours, theirs


def main():
    """Write both packs."""
    packs = zip(("instructor", "student"), collect(), strict=True)
    for who, members in packs:
        data = archive_bytes(members)
        replace(DIST / f"{who}.zip", data)
        print(f"dist/{who}.zip: {len(members)} files, {len(data) / 1e6:.1f} MB")


if __name__ == "__main__":
    with fail():
        main()
