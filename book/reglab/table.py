"""A table that is computed, never typed."""

from html import escape


class Table:
    """Rows under a header, as HTML on a page and as plain text elsewhere; made by `table`."""

    def __init__(self, header, rows):
        self.header, self.rows = header, rows

    def __repr__(self):
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        padded = (
            [c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines
        )
        return "\n".join("  ".join(line).rstrip() for line in padded)

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in others)
            + "</tr>"
            for first, *others in self.rows
        )
        # a box that may scroll has to be reached by keys, and named
        name = escape("Table: " + ", ".join(filter(None, self.header)), quote=True)
        return (
            f'<div style="overflow-x: auto" role="region" tabindex="0" aria-label="{name}">'
            f'<table class="table">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def table(header, rows):
    """Show rows of values under a header; the first value of a row names it.

    Raises
    ------
    ValueError
        If there is no row, or one is not as long as the header.
    """
    header, rows = (
        [str(cell) for cell in header],
        [[str(c) for c in row] for row in rows],
    )
    if not rows:
        raise ValueError("a table needs at least one row")
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"the row {row} should have {len(header)} values")
    return Table(header, rows)
