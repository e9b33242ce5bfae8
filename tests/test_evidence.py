"""Every item of the sources has a cell, every printed value a line, every section a claim."""

import ast
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

import evidence
from conftest import ROOT

DATA = evidence.load_items()
READ = {name: evidence.read(name) for name in evidence.chapters()}
CELLS = [cell for _, cells in READ.values() for cell in cells]
MISTAKES = [item for item in DATA["items"] if ".e" in item]


def missing_items(items, cells):
    """Return the items that no cell carries."""
    carried = {item for cell in cells for item in cell.items}
    return [item for item in items if item not in carried]


def unknown_tags(items, cells):
    """Return the tags of cells that look like an item, or nearly so, and name none."""
    tags = {tag for cell in cells for tag in cell.tags}
    return sorted(x for x in tags if re.match(r"[Ss]\d", x) and x not in items)


def test_items_are_well_formed():
    for item, text in DATA["items"].items():
        assert evidence.ID.fullmatch(item), item
        assert item.split(".")[0] in DATA["articles"], item
        assert len(text) > 3, item
    # numbered without a gap, so that none was lost
    kinds = Counter(re.sub(r"\d+$", "", item) for item in DATA["items"])
    for kind, count in kinds.items():
        assert [f"{kind}{n}" for n in range(1, count + 1)] == [
            item for item in DATA["items"] if re.sub(r"\d+$", "", item) == kind
        ]


def test_every_item_has_a_cell():
    assert not missing_items(DATA["items"], CELLS)


def test_every_tag_names_an_item():
    assert not unknown_tags(DATA["items"], CELLS)


def test_every_mistake_is_shown_by_a_claim_in_its_own_chapter():
    cells = READ["source-errata"][1]
    for item in MISTAKES:
        shown = [cell for cell in cells if item in cell.items and cell.claims]
        assert shown, item
        titles = {cell.section.title for cell in shown}
        assert len(titles) == 1, f"{item} is treated in more than one place: {titles}"


def test_every_mistake_links_to_the_section_that_teaches_it():
    for item in MISTAKES:
        texts = [
            cell.source
            for cell in READ["source-errata"][1]
            if item in cell.items and cell.source.startswith("### ")
        ]
        assert len(texts) == 1, item
        for part in ("**Written.**", "**Why it matters.**", "**Instead.**"):
            assert part in texts[0], (item, part)
        assert re.search(r"\]\([a-z-]+\.ipynb#", texts[0]), item


def test_mistakes_are_sorted_once_each():
    (cell,) = [c for c in READ["source-errata"][1] if c.source.startswith("kinds = {")]
    sorted_items = re.findall(r"S\d+\.e\d+", cell.source)
    assert sorted(sorted_items) == sorted(MISTAKES)


@pytest.mark.parametrize(
    "entry", DATA["printed"], ids=lambda e: f"{e['item']}-{e['what'][:30]}"
)
def test_printed_values_are_reproduced(entry):
    assert evidence.not_reproduced(entry, CELLS) is None
    assert set(entry) - {"ours"} == set(ENTRY) | {"what"}  # no other key, misspelt


def sentences(cell):
    """Return what `claim` is called with in a cell, where that is a plain sentence."""
    return [
        node.args[0].value
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", None) == "claim"
        and isinstance(node.args[0], ast.Constant)
    ]


@pytest.mark.parametrize("chapter", READ)
def test_every_claim_has_run(chapter):
    cells = [cell for cell in READ[chapter][1] if cell.is_code]
    lines = [line[1:].strip() for c in cells for line in c.output.splitlines()]
    for cell in cells:
        for sentence in sentences(cell):
            assert any(line.startswith(sentence.strip()) for line in lines), sentence


def test_every_section_claims_something_or_has_a_reason():
    silent = [
        (section.chapter, section.title)
        for sections, _ in READ.values()
        for section in evidence.without_claims(sections)
    ]
    assert sorted(silent) == sorted(evidence.WITHOUT_CLAIMS)
    assert all(len(reason) > 20 for reason in evidence.WITHOUT_CLAIMS.values())


def test_command_prints_every_item_and_every_claim():
    command = [sys.executable, ROOT / "book/_ext/evidence.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for item in DATA["items"]:
        assert re.search(rf"^{re.escape(item)} ", done.stdout, re.M), item
    for cell in CELLS:
        assert all(f"  ✓ {claim}\n" in done.stdout for claim in cell.claims)
    for chapter, title in evidence.WITHOUT_CLAIMS:
        assert f"{chapter}: {title}\n" in done.stdout
    assert "no reason" not in done.stdout


# That the checks above can fail


def test_lost_and_misspelt_tags_are_found():
    bare = [
        replace(cell, tags=[tag for tag in cell.tags if tag != "S1.e3"])
        for cell in CELLS
    ]
    assert missing_items(DATA["items"], bare) == ["S1.e3"]
    for wrong in ("S9.1", "S1.e99", "s1.e3", "S1.x"):
        assert unknown_tags(DATA["items"], [replace(CELLS[0], tags=[wrong])]) == [wrong]


ENTRY = {"item": "S4.1", "chapter": "c", "line": "✓ As printed", "values": [-1.2, 1960]}
HOLDER = evidence.Cell(
    evidence.Section("c", 0, 1, "C"),
    True,
    ["S4.1"],
    'x = -1.2  # 7.5\nclaim("As printed", True)',
    "✓ As printed (in all 1,960)\n",
)


def test_a_printed_value_counts_where_it_ran():
    assert evidence.not_reproduced(ENTRY, [HOLDER]) is None


@pytest.mark.parametrize(
    "entry, cell, words",
    [
        (ENTRY | {"values": [7.5]}, {}, "lacks"),  # it stands in a comment
        (ENTRY | {"values": [1.21]}, {}, "lacks"),
        (ENTRY | {"line": "✓ As print it"}, {}, "no cell"),
        (ENTRY | {"chapter": "d"}, {}, "no cell"),
        (ENTRY, {"output": "✗ As printed\n"}, "no cell"),
        (ENTRY, {"source": "x = 3"}, "lacks"),
        (ENTRY, {"tags": []}, "no tag"),
    ],
    ids=["comment", "digit", "line", "chapter", "failed", "code", "tag"],
)
def test_a_printed_value_that_is_not_reproduced_is_found(entry, cell, words):
    assert words in evidence.not_reproduced(entry, [replace(HOLDER, **cell)])


def test_headings_are_those_of_the_text():
    text = "# A\n\n```\n# no\n```\n\n## B `c`\n#no\n### D"
    assert list(evidence.headings(text)) == [(1, "A"), (2, "B `c`"), (3, "D")]


def test_a_silent_section_is_found_and_the_frame_is_not():
    titles = [(1, "T"), (2, "A"), (3, "AA"), (2, "B"), (2, "Exercises"), (3, "1. One")]
    sections = [evidence.Section("c", n, *x) for n, x in enumerate(titles)]
    sections[1].claims = sections[2].claims = ["so"]
    assert [s.title for s in evidence.without_claims(sections)] == ["B"]
    sections[2].claims = []
    assert [s.title for s in evidence.without_claims(sections)] == ["AA", "B"]


def test_claims_count_for_the_sections_around_them():
    sections, cells = READ["source-errata"]
    for section in sections:
        own = [x for c in cells if c.section is section for x in c.claims]
        assert set(own) <= set(section.claims)
    first = next(s for s in sections if s.title.startswith("The first article"))
    inner = next(s for s in sections if s.title == "Biases that are said to start at 0")
    assert set(inner.claims) <= set(first.claims)
