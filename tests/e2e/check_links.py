#!/usr/bin/env python3
"""Looks where the links of the pages in a folder and its docs/ lead: to files that are there. The README names every page.

    check_links.py FOLDER
"""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def links(page):
    """The files that a page names."""
    return {(page.parent / link).resolve() for link in LINK.findall(page.read_text()) if "://" not in link}


def main():
    folder = pathlib.Path(sys.argv[1])
    pages = [*folder.glob("*.md"), *folder.glob("docs/*.md")]
    dead = [f"{page}: {link} is not there" for page in pages for link in links(page) if not link.exists()]
    named = {folder.resolve() / "README.md", *links(folder / "README.md")}
    dead += [f"{page}: the README does not name it" for page in pages if page.resolve() not in named]
    print("\n".join(sorted(dead)) or f"{len(pages)} pages, each named, and no dead link")
    return 1 if dead or len(pages) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
