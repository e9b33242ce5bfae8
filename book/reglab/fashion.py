"""Fashion-MNIST: found, or downloaded with resuming and a checksum, and read without torchvision.

The chapters use the first 8,000 rows of the official training files only, so files cut to
these rows give the same numbers.
"""

import gzip
import hashlib
import os
import zlib
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import torch
from tqdm.auto import tqdm

from .sweep import is_watched

__all__ = ["fashion_mnist"]

N_TRAIN, N_VAL, SIDE = 6000, 2000, 28
ROWS = N_TRAIN + N_VAL
MAGIC = {"images": 2051, "labels": 2049}
NAMES = {"images": "train-images-idx3-ubyte.gz", "labels": "train-labels-idx1-ubyte.gz"}
MD5 = {
    "images": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "labels": "25c81989df183df01b3e8a0aad5dffbe",
}
SOURCES = (  # the project's own site, then its repository
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
CLASSES = [
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
]


def fashion_mnist():
    """Return the first 8,000 training examples of Fashion-MNIST.

    The files are looked for in the folder FASHION_MNIST_DIR, if that is set; else in the user's
    cache folder, into which they are downloaded (26 MB) if they are not there.

    Returns
    -------
    X : torch.Tensor
        Pixels from 0 to 1, shape (6000, 784), to train on.
    y : torch.Tensor
        Classes 0 to 9, shape (6000,); `reglab.fashion.CLASSES` names them.
    X_val, y_val : torch.Tensor
        2,000 examples that are held out.

    Raises
    ------
    FileNotFoundError
        If FASHION_MNIST_DIR is set and lacks a file.
    ConnectionError
        If a file is missing and cannot be downloaded.
    ValueError
        If a file is not what it should be.
    """
    paths = {kind: _path(kind) for kind in NAMES}
    X = _read(paths["images"], "images", (ROWS, SIDE, SIDE)).reshape(ROWS, -1)
    y = _read(paths["labels"], "labels", (ROWS,))
    if y.max() > 9:
        raise ValueError(
            f"{paths['labels']} holds the label {y.max()}; allowed are 0 to 9"
        )
    X = torch.tensor(X, dtype=torch.get_default_dtype()) / 255
    y = torch.tensor(y, dtype=torch.int64)
    return X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]


def is_here():
    """Tell whether both files are there, after a download if need be; they are not read."""
    try:
        return all(map(_path, NAMES))
    except (FileNotFoundError, ConnectionError):
        return False


def _path(kind):
    """Return where the file is, after a download if need be."""
    name = NAMES[kind]
    if os.environ.get("FASHION_MNIST_DIR"):
        path = Path(os.environ["FASHION_MNIST_DIR"]) / name
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing: put it there, or unset FASHION_MNIST_DIR to download it"
            )
        return path
    # only a download needs them: no other chapter should fail where they are missing
    from filelock import FileLock
    from platformdirs import user_cache_path

    folder = user_cache_path("reglab") / "fashion-mnist"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with FileLock(folder / f"{name}.lock"):  # two notebooks may want it at once
        if not (path.is_file() and _md5(path) == MD5[kind]):
            _download(path, MD5[kind])
    return path


def _read(path, kind, shape):
    """Read the first rows of an IDX file: a magic number, the sizes, then bytes."""
    try:
        with gzip.open(path) as file:
            header = file.read(4 + 4 * len(shape)).ljust(4 + 4 * len(shape), b"\0")
            magic, *found = np.frombuffer(header, dtype=">i4").tolist()
            if magic != MAGIC[kind]:
                raise ValueError(
                    f"{path} is no IDX file of {kind}: it should begin with {MAGIC[kind]}"
                )
            if found[0] < shape[0] or tuple(found[1:]) != shape[1:]:
                raise ValueError(
                    f"{path} has the shape {tuple(found)}; at least {shape} is needed"
                )
            data = file.read(int(np.prod(shape)))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is damaged ({error}): delete it and get it again"
        ) from None
    if len(data) < np.prod(shape):
        raise ValueError(f"{path} is cut short: delete it and get it again")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _download(path, md5):
    """Bring a file into its place, whole and checked or not at all."""
    part = path.with_suffix(
        ".part"
    )  # kept when the network fails: the next call resumes
    reasons = []
    for source in SOURCES:
        try:
            _fetch(source + path.name, part)
        except (OSError, HTTPException) as error:
            reasons.append(f"{source}: {getattr(error, 'reason', None) or error}")
            continue
        if _md5(part) == md5:
            os.replace(part, path)
            return
        part.unlink()
        reasons.append(f"{source}: wrong checksum")
    raise ConnectionError(
        f"{path.name} could not be downloaded ({'; '.join(reasons)}): check the network and "
        "run again, or set FASHION_MNIST_DIR to a folder that has it"
    )


def _fetch(url, part):
    """Append to `part` what is missing of it."""
    start = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urlopen(request, timeout=30)
    except HTTPError as error:
        if error.code == 416:  # nothing is missing: the checksum decides
            return
        raise
    with response:
        resumed = response.status == 206
        start = start if resumed else 0
        total = start + int(response.headers.get("Content-Length") or 0)
        bar = tqdm(
            total=total or None,
            initial=start,
            unit="B",
            unit_scale=True,
            desc=part.stem,
            disable=not is_watched(),
        )
        with open(part, "ab" if resumed else "wb") as file, bar:
            while block := response.read(1 << 16):
                file.write(block)
                bar.update(len(block))
    if part.stat().st_size < total:
        raise ConnectionError(f"cut off after {part.stat().st_size} of {total} bytes")
