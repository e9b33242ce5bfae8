"""Print the links that open the book's notebooks on a JupyterHub.

    python book/_kit/hub.py https://hub.example.edu

Each link logs the student in, fetches the notebook with nbgitpuller, which the image in
.binder brings, and opens it; what the student has changed is kept at the next click.
"""

import sys
from urllib.parse import quote, urlencode, urlsplit

from facts import chapters, master, repository
from parcel import fail

HELP = "the address of the hub is needed, such as https://hub.example.edu"


def link(hub, branch, folder, path):
    """Return the address that pulls a branch into a folder of the home and opens a notebook.

    Chapters and assignments are branches of one repository, which nbgitpuller would put into
    one folder; so each has a folder of its own.
    """
    owner, name = repository()
    query = {
        "repo": f"https://github.com/{owner}/{name}",
        "branch": branch,
        "targetPath": folder,
        "urlpath": f"lab/tree/{folder}/{path}",
    }
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(query, quote_via=quote)}"


def check(hub):
    """Return the hub's address without a slash at its end."""
    parts = urlsplit(hub)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        raise ValueError(f"{hub!r} is no address of a hub: {HELP}")
    return hub.rstrip("/").removesuffix("/hub")


def main(arguments):
    """Print a line for each chapter and each assignment, its name and its link."""
    if len(arguments) != 1:
        raise ValueError(HELP)
    hub = check(arguments[0])
    for chapter in chapters():
        name = f"{chapter.name}.ipynb"
        print(f"chapter     {link(hub, 'main', 'book', f'book/{name}')}")
        if master(chapter.name).exists():
            print(f"assignment  {link(hub, 'assignments', 'assignments', name)}")


if __name__ == "__main__":
    with fail():
        main(sys.argv[1:])
