"""The pages on connecting: what they say to type gives what they say is seen, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "connect"
PAGES = sorted(FOLDER.glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def test_every_page_is_on_the_first_one() -> None:
    linked = set(LINK.findall((FOLDER / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in PAGES} - {"README.md"} == linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_says_what_to_install_type_and_see_and_how_it_was_tried(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name in ("README.md", "quack.md", "files.md"):
        return
    for word in ("**Install**", "**Type**", "**See**") if "**Files.**" not in text else ("**Files.**", "**See**"):
        assert word in text, word
    row = next(line for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if page.name in line)
    if "documentation" in row:
        assert re.search(r"from (the|its|Microsoft's|Tableau's)\b.*documentation", text.replace("\n", " ")), row


def test_the_python_of_the_page_prints_what_the_page_shows(warehouse: Path, tmp_path: Path) -> None:
    text = (FOLDER / "python.md").read_text(encoding="utf-8")
    code, shown = re.findall(r"```(?:python)?\n(.*?)```", text, re.DOTALL)[:2]
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "kommunlager.duckdb").symlink_to(warehouse.resolve())
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [line.split() for line in shown.splitlines()]
