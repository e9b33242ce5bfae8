"""Export the quizzes of the chapters to Moodle and to Canvas.

    python book/_kit/quizzes.py

writes into dist/quizzes, for each chapter and once for the whole book (`all`),

- NAME.moodle.xml, Moodle's own format: Question bank, Import, Moodle XML;
- NAME.canvas.zip, QTI 1.2 in the package that Canvas writes and reads: Settings, Import
  course content, QTI .zip file. It becomes a practice quiz.

The explanation of each option is its feedback. Formulas are MathML, which both systems keep
and every browser draws.
"""

import ast
import hashlib
import html
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import nbformat
from math_core import LatexError

from facts import ROOT, chapters
from mathml import converter
from parcel import archive_bytes, fail, replace
from reglab.quiz import quiz

QUIZZES = ROOT / "dist/quizzes"
BOOK = "Learning to Generalize"
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
MANIFEST = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
QUESTION = "imsqti_xmlv1p2"
LEARNING = "associatedcontent/imscc_xmlv1p1/learning-application-resource"


@dataclass(frozen=True)
class Questions:
    """The questions of a chapter: `name` and `title` of the chapter, its `Quiz` objects."""

    name: str
    title: str
    quizzes: tuple


def questions(path):
    """Return the `Quiz` objects of the notebook at `path`, in their order.

    Raises
    ------
    ValueError
        If a quiz is not written out in full, or is no quiz that a chapter could show.
    """
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or "remove-input" not in cell.metadata.get(
            "tags", []
        ):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "quiz":
                try:
                    given = [ast.literal_eval(value) for value in node.args]
                    named = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
                except ValueError:
                    raise ValueError(
                        f"{path.name}: a quiz holds something other than plain text:\n"
                        f"{cell.source}"
                    ) from None
                found.append(quiz(*given, **named))
    return tuple(found)


def markup(text):
    """Return a text of a quiz as HTML: formulas between $ signs, code between backticks."""
    parts = re.split(r"(\$[^$]+\$|`[^`]+`)", text)
    return "".join(
        formula(part[1:-1])
        if part[:1] == "$" and len(part) > 2
        else f"<code>{html.escape(part[1:-1])}</code>"
        if part[:1] == "`" and len(part) > 2
        else html.escape(part, quote=False)
        for part in parts
    )


def formula(latex):
    """Return LaTeX as MathML."""
    try:
        return converter.convert_with_local_state(latex, displaystyle=False)
    except LatexError as error:
        raise ValueError(f"formula {latex!r}: {error}") from None


def identity(*what):
    """Return an identifier that stays the same from export to export."""
    return "g" + hashlib.sha256("\0".join(what).encode()).hexdigest()[:31]


def element(parent, tag, text=None, **attributes):
    """Add an element to `parent`, and return it."""
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child


def document(root):
    """Return an element as a whole XML file."""
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


# Moodle ---------------------------------------------------------------------------------


def rich(parent, tag, text, **attributes):
    """Add an element that holds HTML as Moodle has it: a format, and the text in an element."""
    child = element(parent, tag, format="html", **attributes)
    element(child, "text", text)
    return child


def moodle(chapters_questions):
    """Return the questions as Moodle XML, a category for each chapter."""
    root = ET.Element("quiz")
    for chapter in chapters_questions:
        category = element(root, "question", type="category")
        place = f"$course$/top/{BOOK}/{chapter.title.replace('/', '//')}"
        element(element(category, "category"), "text", place)
        rich(category, "info", "")
        element(category, "idnumber", identity(chapter.name))
        for number, asked in enumerate(chapter.quizzes, start=1):
            node = element(root, "question", type="multichoice")
            name = f"{chapter.title} {number}"
            element(element(node, "name"), "text", name)
            rich(node, "questiontext", f"<p>{markup(asked.question)}</p>")
            rich(node, "generalfeedback", "")
            element(node, "defaultgrade", "1.0000000")
            element(node, "penalty", "0.3333333")
            element(node, "hidden", "0")
            element(node, "idnumber", identity(chapter.name, asked.question))
            element(node, "single", "true")
            element(node, "shuffleanswers", "true")
            element(node, "answernumbering", "abc")
            for option, why in asked.options.items():
                fraction = "100" if option == asked.right else "0"
                answer = rich(node, "answer", markup(option), fraction=fraction)
                rich(answer, "feedback", f"<p>{markup(why)}</p>")
    return document(root)


# QTI 1.2, as Canvas has it ----------------------------------------------------------------


def fields(parent, **values):
    """Add the metadata of a question or an assessment: labels with their entries."""
    metadata = element(parent, "qtimetadata")
    for label, entry in values.items():
        field = element(metadata, "qtimetadatafield")
        element(field, "fieldlabel", label)
        element(field, "fieldentry", entry)


def material(parent, text):
    """Add a piece of HTML as QTI has it."""
    element(element(parent, "material"), "mattext", text, texttype="text/html")


def item(section, chapter, number, asked):
    """Add a question to a section of an assessment."""
    idents = {option: identity(asked.question, option) for option in asked.options}
    key = identity(chapter.name, asked.question)
    node = element(section, "item", ident=key, title=f"{chapter.title} {number}")
    fields(
        element(node, "itemmetadata"),
        question_type="multiple_choice_question",
        points_possible="1.0",
        original_answer_ids=",".join(idents.values()),
        assessment_question_identifierref=identity(key),
    )
    presentation = element(node, "presentation")
    material(presentation, f"<p>{markup(asked.question)}</p>")
    response = element(
        presentation, "response_lid", ident="response1", rcardinality="Single"
    )
    choices = element(response, "render_choice")
    for option, ident in idents.items():
        material(element(choices, "response_label", ident=ident), markup(option))
    processing = element(node, "resprocessing")
    element(
        element(processing, "outcomes"),
        "decvar",
        maxvalue="100",
        minvalue="0",
        varname="SCORE",
        vartype="Decimal",
    )

    def condition(ident, goes_on):
        node = element(processing, "respcondition", **{"continue": goes_on})
        variable = element(node, "conditionvar")
        element(variable, "varequal", ident, respident="response1")
        return node

    for ident in idents.values():  # what is said first, then what it counts
        element(
            condition(ident, "Yes"),
            "displayfeedback",
            feedbacktype="Response",
            linkrefid=f"{ident}_fb",
        )
    score = condition(idents[asked.right], "No")
    element(score, "setvar", "100", action="Set", varname="SCORE")
    for option, ident in idents.items():
        feedback = element(node, "itemfeedback", ident=f"{ident}_fb")
        material(
            element(feedback, "flow_mat"), f"<p>{markup(asked.options[option])}</p>"
        )


def assessment(chapter):
    """Return the questions of a chapter as a QTI 1.2 assessment."""
    root = ET.Element("questestinterop", xmlns=QTI)
    whole = element(
        root, "assessment", ident=identity(chapter.name), title=chapter.title
    )
    fields(whole, cc_maxattempts="unlimited")
    section = element(whole, "section", ident="root_section")
    for number, asked in enumerate(chapter.quizzes, start=1):
        item(section, chapter, number, asked)
    return document(root)


def settings(chapter):
    """Return what Canvas is to make of an assessment: a practice quiz."""
    root = ET.Element("quiz", identifier=identity(chapter.name), xmlns=CANVAS)
    element(root, "title", chapter.title)
    element(root, "description", f"Quiz of the chapter “{chapter.title}” of {BOOK}.")
    element(root, "shuffle_answers", "true")
    element(root, "quiz_type", "practice_quiz")
    element(root, "points_possible", f"{len(chapter.quizzes)}.0")
    element(root, "show_correct_answers", "true")
    element(root, "allowed_attempts", "-1")
    return document(root)


def canvas(chapters_questions):
    """Return the questions as a QTI 1.2 package, an assessment for each chapter."""
    names = [chapter.name for chapter in chapters_questions]
    root = ET.Element(
        "manifest", identifier=identity("manifest", *names), xmlns=MANIFEST
    )
    metadata = element(root, "metadata")
    element(metadata, "schema", "IMS Content")
    element(metadata, "schemaversion", "1.1.3")
    element(root, "organizations")
    resources, members = element(root, "resources"), {}
    for chapter in chapters_questions:
        key = identity(chapter.name)
        for ident, kind, file, content in (
            (key, QUESTION, f"{key}/{key}.xml", assessment(chapter)),
            (f"{key}_meta", LEARNING, f"{key}/assessment_meta.xml", settings(chapter)),
        ):
            resource = element(resources, "resource", identifier=ident, type=kind)
            if kind == LEARNING:
                resource.set("href", file)
            element(resource, "file", href=file)
            if kind == QUESTION:
                element(resource, "dependency", identifierref=f"{key}_meta")
            members[file] = content
    members["imsmanifest.xml"] = document(root)
    return archive_bytes(members)


def main():
    """Write the quizzes of every chapter, and of all together."""
    everything = [
        Questions(chapter.name, chapter.title, questions(chapter.path))
        for chapter in chapters()
    ]
    asked = [chapter for chapter in everything if chapter.quizzes]
    for name, some in [*((one.name, [one]) for one in asked), ("all", asked)]:
        replace(QUIZZES / f"{name}.moodle.xml", moodle(some))
        replace(QUIZZES / f"{name}.canvas.zip", canvas(some))
        print(f"{name}: {sum(len(chapter.quizzes) for chapter in some)} questions")


if __name__ == "__main__":
    with fail():
        main()
