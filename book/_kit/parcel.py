"""What the commands of the kit share: whole files, equal bytes, errors in one sentence."""

import contextlib
import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path

WHEN = (2026, 1, 1, 0, 0, 0)  # in every archive, so that equal contents are equal bytes


@contextlib.contextmanager
def fail():
    """End the program with the sentence of a `ValueError`, without a stack."""
    try:
        yield
    except ValueError as error:
        sys.exit(str(error))


def replace(path, data):
    """Write `data` (bytes) to `path` in one go: a reader finds the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def archive_bytes(members):
    """Return a zip whose bytes depend on its contents alone.

    Parameters
    ----------
    members : dict of str to bytes
        The contents, by name in the archive; they are sorted.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, members[name])
    return file.getvalue()
