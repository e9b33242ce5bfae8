"""What an assignment draws from a student's number: everyone has data of their own."""

import hashlib

import torch

LARGEST = 10**12


def generator_of(student_number, purpose):
    """Return the random generator of one student for one purpose.

    The same number and purpose give the same stream everywhere, so whoever grades can
    draw a student's data again; another number or another purpose gives another stream.

    Parameters
    ----------
    student_number : int
        From 1 to 10¹², both included.
    purpose : str
        What the numbers are for, such as "q2".

    Returns
    -------
    torch.Generator
        On the CPU, seeded with 63 bits of the SHA-256 of purpose and number.

    Raises
    ------
    TypeError
        If the number is not an integer.
    ValueError
        If it is out of range.
    """
    if student_number is ...:
        raise TypeError("student_number is not set yet: replace the ... by your number")
    if type(student_number) is not int:
        raise TypeError(
            f"student_number={student_number!r} must be a whole number without quotes"
        )
    if not 1 <= student_number <= LARGEST:
        raise ValueError(
            f"student_number={student_number} must be between 1 and {LARGEST}"
        )
    digest = hashlib.sha256(f"{purpose}/{student_number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def choice_of(student_number, purpose, options):
    """Return the one of `options` that falls to this student for this purpose.

    Parameters
    ----------
    student_number, purpose
        As for `generator_of`.
    options : sequence
        At least one.

    Raises
    ------
    ValueError
        If there are no options.
    """
    if not options:
        raise ValueError("options must hold at least one value")
    g = generator_of(student_number, purpose)
    return options[torch.randint(len(options), (), generator=g).item()]
