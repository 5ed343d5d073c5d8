"""The handbook as pages: each can be reached, nothing is fetched from elsewhere, and all is searched from disk.

Belongs here: what ``tools/handbook.py`` does beside the builder, and the built pages in a browser where ``make docs``
has made them (as CI does). Does not belong here: what the pages say.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import handbook as docs

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def named(entries: list[Any]) -> Iterator[str]:
    """Pages of a navigation, however deep."""
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from named(value) if isinstance(value, list) else [value]


def test_every_page_stands_in_the_navigation_once() -> None:
    project = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    pages = sorted(str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md"))
    assert sorted(named(project["nav"])) == pages


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(docs, "BUILT", tmp_path)
    monkeypatch.setattr(docs, "OWN_SHIM", tmp_path / "scripts" / "iframe-worker.js")
    (tmp_path / "sv").mkdir()
    return tmp_path


def page(built: Path, name: str, body: str) -> tuple[list[str], str]:
    path = built / name
    path.write_text(f'<!doctype html><html lang="en"><head></head><body>{body}</body></html>', encoding="utf-8")
    return docs.finished(path), path.read_text(encoding="utf-8")


def test_swedish_pages_say_so(built: Path) -> None:
    assert '<html lang="sv">' in page(built, "sv/drift.html", "Drift")[1]
    assert '<html lang="en">' in page(built, "operations.html", "Operations")[1]


@pytest.mark.parametrize(
    "fetched",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="//example.org/a.css">',
        '<img src="http://example.org/a.png">',
    ],
)
def test_what_would_be_fetched_is_told(built: Path, fetched: str) -> None:
    faults, _ = page(built, "a.html", fetched)
    assert len(faults) == 1
    assert "a.html" in faults[0]
    assert "example.org" in faults[0]


def test_the_searching_of_pages_on_disk_needs_no_network(built: Path) -> None:
    faults, text = page(built, "sv/a.html", f'<script src="https://example.org{docs.SHIM}"></script>')
    assert faults == []
    assert 'src="../scripts/iframe-worker.js"' in text


def test_links_lead_somewhere_or_are_text(built: Path) -> None:
    (built / "b.html").write_text("")
    links = ["b.html#x", "../Makefile", "https://example.org/", "#y", "gone.html"]
    faults, text = page(built, "a.html", "".join(f'<a href="{link}">{link}</a>' for link in links))
    assert faults == ["a.html: gone.html is not there"]
    assert re.findall(r'<a href="([^"]+)">', text) == ["b.html#x", "https://example.org/", "#y", "gone.html"]
    assert "../Makefile" in text


def test_the_handbook_is_searched_from_disk(browser: Browser) -> None:
    index = ROOT / "build" / "docs" / "index.html"
    if not index.exists():
        if os.environ.get("KOMMUNLAGER_TEST_PROGRAMS") == "required":
            pytest.fail("make docs has not been run")
        pytest.skip("make docs has not been run")
    for width in (320, 1280):
        assert list(fetched(browser, index.parent, width)) == []


def fetched(browser: Browser, pages: Path, width: int) -> Iterator[str]:
    """What is asked for from elsewhere while pages are opened and searched; they fit the width."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    window = context.new_page()
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    for name in ("index.html", "sv/drift.html", "analysts.html"):
        window.goto((pages / name).as_uri())
        assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
    window.keyboard.press("Control+k")
    window.keyboard.type("rollback")
    window.get_by_text("Going back").first.wait_for()
    context.close()
    yield from (address for address in asked if not address.startswith(("file:", "data:", "blob:")))
