"""Read what a student handed in, without running any of it."""

import ast
import json
import re
import threading

import nbformat

LARGEST_FILE = 64 * 2**20  # bytes a submission may have, or write into one file
ANSWER = "otter_answer_cell"  # otter's tag of the cells that students fill in
PROMPT = "_Type your answer here, replacing this text._"
CHECK = re.compile(r'grader\.check\("(\w+)"\)')
PARSING = threading.Lock()  # Python 3.11 cannot parse in two threads at once

# What no answer needs. Using it costs nothing, but somebody should read why it is there.
MODULES = {
    "builtins",
    "ctypes",
    "gc",
    "glob",
    "importlib",
    "inspect",
    "IPython",
    "io",
    "marshal",
    "multiprocessing",
    "os",
    "otter",
    "pathlib",
    "pickle",
    "psutil",
    "requests",
    "resource",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "traceback",
    "urllib",
}
NAMES = {
    "__builtins__",
    "__import__",
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "get_ipython",
    "globals",
    "grader",
    "input",
    "open",
    "quit",
    "exit",
    "setattr",
    "vars",
}
ATTRIBUTES = {
    "__bases__",
    "__builtins__",
    "__class__",
    "__closure__",
    "__code__",
    "__dict__",
    "__globals__",
    "__mro__",
    "__subclasses__",
}


class Refused(Exception):
    """A submission that gets no points, for the reason it says."""


def sources_of(data):
    """Return kind and source of each cell of a notebook, given as bytes.

    Raises
    ------
    Refused
        If it is no notebook.
    """
    if len(data) > LARGEST_FILE:
        raise Refused(f"it is larger than {LARGEST_FILE // 2**20} MB")
    try:
        cells = json.loads(data.decode("utf-8"))["cells"]
        found = [(cell["cell_type"], cell["source"]) for cell in cells]
        joined = [(kind, "".join(source)) for kind, source in found]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("it is not a notebook that can be read") from None
    if not any(kind == "code" for kind, _ in joined):
        raise Refused("it is a notebook without code")
    return [(kind, source.strip()) for kind, source in joined]


class Reading:
    """A submission beside the notebook that students were given.

    Parameters
    ----------
    data : bytes
        The submission.
    reference : nbformat.NotebookNode
        The student notebook.
    questions : list of dict
        From the autograder: name, points and kind of each question.

    Raises
    ------
    Refused
        If the submission is no notebook.
    """

    def __init__(self, data, reference, questions):
        self.cells = sources_of(data)
        self.reference = reference
        given = {
            cell.source.strip()
            for cell in reference.cells
            if ANSWER not in cell.metadata.get("tags", [])
        }
        self.own = [
            source
            for kind, source in self.cells
            if kind == "code" and source not in given
        ]
        self.number = number_of(self.own)
        by_hand = [q["name"] for q in questions if q["kind"] == "by hand"]
        self.texts = texts_of(self.cells, reference, given, by_hand)
        self._general = absent(self.cells, reference) + reaches_for(self.own)
        self._lost = undefined(self.own, reference)

    def remarks(self, question):
        """Return what is to be said of one question."""
        return self._lost.get(question, []) + self._general

    def bare(self):
        """Return a notebook of the code alone: no outputs, metadata or attachments."""
        notebook = nbformat.v4.new_notebook(metadata=self.reference.metadata)
        notebook.cells = [
            nbformat.v4.new_code_cell(source)
            for kind, source in self.cells
            if kind == "code"
        ]
        return notebook


def number_of(sources):
    """Return the last `student_number = ...` that stands there as a number, as text."""
    found = ""
    for source in sources:
        for line in re.findall(
            r"^student_number\s*=\s*([\d_]+)\s*(?:#.*)?$", source, re.M
        ):
            found = line.replace("_", "")
    return found


def texts_of(cells, reference, given, names):
    """Return what was written below each question that a person reads, by name."""
    places = [
        place
        for place, cell in enumerate(reference.cells)
        if cell.cell_type == "markdown" and ANSWER in cell.metadata.get("tags", [])
    ]
    texts = {}
    sources = [source for _, source in cells]
    for name, place in zip(names, places, strict=True):
        question = reference.cells[place - 1].source.strip()
        if question not in sources:
            texts[name] = "(the cell with the question is missing)"
            continue
        written = []
        for source in sources[sources.index(question) + 1 :]:
            if source in given:
                break
            written.append(source.replace(PROMPT, ""))
        texts[name] = "\n".join(written).strip() or "(nothing was written)"
    return texts


def absent(cells, reference):
    """Return a remark if given cells of code are gone or changed."""
    there = {source for _, source in cells}
    gone = [
        cell.source.strip()
        for cell in reference.cells
        if cell.cell_type == "code"
        and ANSWER not in cell.metadata.get("tags", [])
        and cell.source.strip() not in there
    ]
    if not gone:
        return []
    first = next(filter(None, gone[0].splitlines()))
    return [f"{len(gone)} given cells were removed or changed, the first is: {first}"]


def tree_of(source):
    """Return the syntax tree of a cell, None if it is no plain Python."""
    try:
        with PARSING:
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defined(tree):
    """Return the names that a cell gives a value at its top level."""
    names = set()
    for node in tree.body if tree else []:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
    return names


def undefined(sources, reference):
    """Return, by question, a remark on names that no cell of the student defines."""
    there = set().union(*(defined(tree_of(source)) for source in sources), set())
    found, asked = {}, set()
    for cell in reference.cells:
        if cell.cell_type != "code":
            continue
        if ANSWER in cell.metadata.get("tags", []):
            asked |= defined(tree_of(cell.source))
        check = CHECK.fullmatch(cell.source.strip())
        if check:
            gone = sorted(asked - there)
            if gone:
                found[check[1]] = [
                    f"no cell defines {', '.join(gone)}: was it removed?"
                ]
            asked = set()
    return found


def reaches_for(sources):
    """Return a remark on what the student's cells use that no answer needs."""
    used = set()
    for source in sources:
        tree = tree_of(source)
        if tree is None:
            used.add("a cell that is no plain Python")
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                used |= {a.name for a in node.names if a.name.split(".")[0] in MODULES}
            elif isinstance(node, ast.ImportFrom):
                used |= (
                    {node.module}
                    if (node.module or "").split(".")[0] in MODULES
                    else set()
                )
            elif isinstance(node, ast.Name) and node.id in NAMES:
                used.add(node.id)
            elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
                used.add(node.attr)
    return [f"to be looked at, it uses {', '.join(sorted(used))}"] if used else []
