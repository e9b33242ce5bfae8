"""Fashion-MNIST is found, downloaded, resumed and checked; every failure is one sentence."""

import gzip
import hashlib
import http.server
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import platformdirs
import pytest

from reglab import fashion
from reglab.data import fashion_mnist

ROWS, SIDE = fashion.ROWS, fashion.SIDE


def idx(magic, array):
    header = np.array([magic, *array.shape], dtype=">i4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), compresslevel=1)


@pytest.fixture(scope="module")
def files():
    """Return two files of the official format, by name."""
    g = np.random.default_rng(0)
    images = g.integers(0, 256, (ROWS, SIDE, SIDE))
    labels = np.arange(ROWS) % 10
    names = fashion.NAMES
    return {names["images"]: idx(2051, images), names["labels"]: idx(2049, labels)}


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(files, tmp_path, monkeypatch):
    """Serve the files; `cut`, `corrupt`, `missing` and `ranges` say how well."""
    server = SimpleNamespace(
        cut=None, corrupt=False, missing=False, ranges=True, asked=[]
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            start = 0
            wanted = self.headers.get("Range")
            server.asked.append((Path(self.path).name, wanted))
            if server.missing:
                return self.send_error(404)
            content = files[Path(self.path).name]
            if server.corrupt:
                content = content[:-1] + b"!"
            if wanted and server.ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    return self.send_error(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:][: server.cut])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{http_server.server_port}/"
        server.cache = tmp_path / "cache/fashion-mnist"
        digests = {
            kind: hashlib.md5(files[name]).hexdigest()
            for kind, name in fashion.NAMES.items()
        }
        monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
        monkeypatch.setattr(fashion, "MD5", digests)
        monkeypatch.setattr(fashion, "SOURCES", (address, address + "mirror/"))
        monkeypatch.setattr(
            platformdirs, "user_cache_path", lambda _: tmp_path / "cache"
        )
        yield server
        http_server.shutdown()


def left(server):
    return sorted(
        path.name for path in server.cache.iterdir() if path.suffix != ".lock"
    )


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 500
    return text


def test_reads_a_folder(folder):
    X, y, X_val, y_val = fashion_mnist()
    assert (X.shape, X_val.shape) == ((6000, 784), (2000, 784))
    assert (X >= 0).all() and (X <= 1).all() and X.max() == 1
    assert y[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert y_val.shape == (2000,) and y_val[0] == 6000 % 10
    rows = [row.numpy().tobytes() for part in (X, X_val) for row in part]
    assert len(set(rows)) == ROWS, "an image is held out and trained on"


def test_more_rows_than_needed_change_nothing(folder):
    name = fashion.NAMES["labels"]
    (folder / name).write_bytes(idx(2049, np.arange(ROWS + 500) % 10))
    assert fashion_mnist()[3].tolist() == [n % 10 for n in range(6000, 8000)]


@pytest.mark.parametrize(
    "kind, content, message",
    [
        ("labels", None, "is missing.*FASHION_MNIST_DIR"),
        ("labels", idx(2051, np.zeros(ROWS)), "no IDX file of labels.*2049"),
        ("labels", gzip.compress(b"ab"), "no IDX file"),
        ("labels", idx(2049, np.zeros(10)), r"shape \(10,\).*\(8000,\)"),
        ("labels", idx(2049, np.full(ROWS, 17)), "label 17; allowed are 0 to 9"),
        ("labels", b"not compressed", "damaged.*delete"),
        ("labels", b"\x1f\x8b" + b"x" * 50, "damaged.*delete"),
        ("images", idx(2051, np.zeros((ROWS, 2, 28))), r"shape \(8000, 2, 28\)"),
    ],
    ids=[
        "no file",
        "another magic number",
        "too short",
        "too few labels",
        "no such label",
        "not gzip",
        "broken gzip",
        "wrong shape",
    ],
)
def test_bad_file_in_a_folder(folder, kind, content, message):
    path = folder / fashion.NAMES[kind]
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises((ValueError, FileNotFoundError), match=message) as error:
        fashion_mnist()
    assert str(path) in one_sentence(error)


@pytest.mark.parametrize("compressed", [True, False])
def test_truncated_file(folder, files, compressed):
    name = fashion.NAMES["images"]
    content = files[name][: len(files[name]) // 2]
    if not compressed:  # whole as a gzip file, too short as an IDX file
        content = gzip.compress(gzip.decompress(files[name])[:-1000])
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged|cut short") as error:
        fashion_mnist()
    assert name in one_sentence(error)


def test_downloads_once(server, files):
    fashion_mnist()
    assert left(server) == sorted(files)
    assert len(server.asked) == 2
    fashion_mnist()
    assert len(server.asked) == 2


def test_resumes_after_a_cut(server, files):
    server.cut = 1000
    with pytest.raises(ConnectionError, match="cut off after") as error:
        fashion_mnist()
    assert "FASHION_MNIST_DIR" in one_sentence(error)
    assert all(name.endswith(".part") for name in left(server))
    server.cut, server.asked = None, []
    fashion_mnist()
    # both sources sent 1,000 bytes
    assert server.asked[0] == (fashion.NAMES["images"], "bytes=2000-")
    assert left(server) == sorted(files)


def test_a_server_that_cannot_resume(server, files):
    server.cut = 1000
    with pytest.raises(ConnectionError):
        fashion_mnist()
    server.cut, server.ranges = None, False
    fashion_mnist()
    assert left(server) == sorted(files)


def test_a_part_that_is_whole_already(server, files):
    server.cache.mkdir(parents=True)
    for name, content in files.items():
        (server.cache / name).with_suffix(".part").write_bytes(content)
    fashion_mnist()
    assert left(server) == sorted(files)


def test_corrupt_downloads_are_not_kept(server, files):
    server.corrupt = True
    with pytest.raises(ConnectionError, match="wrong checksum") as error:
        fashion_mnist()
    one_sentence(error)
    assert left(server) == []
    server.corrupt = False
    fashion_mnist()
    assert left(server) == sorted(files)


def test_a_damaged_cache_is_filled_again(server, files):
    fashion_mnist()
    (server.cache / fashion.NAMES["labels"]).write_bytes(b"half a fi")
    fashion_mnist()
    assert (server.cache / fashion.NAMES["labels"]).read_bytes() == files[
        fashion.NAMES["labels"]
    ]


def test_the_mirror_steps_in(server, monkeypatch):
    monkeypatch.setattr(fashion, "SOURCES", ("http://127.0.0.1:9/", fashion.SOURCES[1]))
    fashion_mnist()
    assert len(server.asked) == 2


def test_no_network(server, monkeypatch):
    monkeypatch.setattr(fashion, "SOURCES", ("http://127.0.0.1:9/",))
    with pytest.raises(ConnectionError, match=r"refused.*check the network") as error:
        fashion_mnist()
    assert "train-images" in one_sentence(error)


def test_files_are_nowhere(server):
    server.missing = True
    with pytest.raises(ConnectionError, match="Not Found"):
        fashion_mnist()


def test_two_at_once_download_once(server):
    threads = [threading.Thread(target=fashion_mnist) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 2
