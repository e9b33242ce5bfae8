"""Questions with an explanation for every option."""

import zlib
from html import escape

from .valid import shown, text

__all__ = ["quiz"]


class Quiz:
    """A question whose options open when chosen; made by `quiz`."""

    def __init__(self, question, options, right):
        self.question, self.options, self.right = question, options, right

    def __repr__(self):
        return f"quiz({self.question})"

    def _repr_html_(self):
        # <details> with one name: native, exclusive, works by keyboard and without a script
        group = f"quiz-{zlib.crc32(self.question.encode())}"
        options = "".join(
            f'<details class="quiz-option" name="{group}"><summary>{escape(option)}</summary>'
            f"<p><strong>{'✓ Right.' if option == self.right else '✗ No.'}</strong> "
            f"{escape(why)}</p></details>"
            for option, why in self.options.items()
        )
        return f'<div class="quiz"><p><strong>{escape(self.question)}</strong></p>{options}</div>'


def quiz(question, options, *, right):
    """Ask a question with options that explain themselves.

    Parameters
    ----------
    question : str
    options : dict of str to str
        For each option why it is right or wrong.
    right : str
        The right option.

    Returns
    -------
    Quiz

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two options, a text is empty or none, or `right` is none of the
        options.
    """
    text("question", question)
    if not isinstance(options, dict):
        raise TypeError(f"options={shown(options)} must be a dict of texts")
    if len(options) < 2:
        raise ValueError(f"a quiz needs at least two options, not {len(options)}")
    for option, why in options.items():
        text("an option", option)
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f"the option {option!r} has no explanation")
    if right not in list(options):
        raise ValueError(f"right={shown(right)} is none of the options {list(options)}")
    return Quiz(question, options, right)
