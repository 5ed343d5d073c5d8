"""The handbook as web pages: docs/ built by Zensical into build/docs, and looked through.

Belongs here: what the builder does not do: the language of the Swedish pages, links to files that are not among the
pages, and that nothing is fetched from elsewhere. Does not belong here: the pages (``docs/``) and their order
(``zensical.toml``).

    python tools/handbook.py

Zensical has an environment of its own (``make docs``), for it needs other versions of packages than dbt.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "build" / "docs"
ZENSICAL = ROOT / ".venv" / "docs" / "bin" / "zensical"
SWEDISH = "sv"

SHIM = "/iframe-worker/shim"
"""End of the address of the script with which pages that are opened from disk are searched. The builder has it fetched;
ours stands beside the pages."""
OWN_SHIM = BUILT / "scripts" / "iframe-worker.js"

FETCHED = (("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src"), ("iframe[src]", "src"))
"""What a browser fetches by itself."""


def main() -> None:
    """Build; exits with 1 and the reasons where a page or link is wrong."""
    done = subprocess.run(
        [ZENSICAL, "build", "--strict", "--clean"],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        sys.exit(said.partition("Traceback")[0].strip())
    (BUILT / "404.html").unlink()  # its links begin at the root of a server, and the data site has one
    pages = sorted(BUILT.rglob("*.html"))
    faults = [fault for page in pages for fault in finished(page)]
    if faults:
        sys.exit("\n".join(faults))
    size = sum(path.stat().st_size for path in BUILT.rglob("*") if path.is_file())
    print(f"{len(pages)} pages, {size / 1e6:.1f} MB: {BUILT.relative_to(ROOT)}/index.html")


def finished(page: Path) -> list[str]:
    """Mend one page where it stands; returns what cannot be mended."""
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    faults = []
    if page.relative_to(BUILT).parts[0] == SWEDISH and (root := tree.css_first("html")) is not None:
        root.attrs["lang"] = SWEDISH
    for node in tree.css(f'script[src$="{SHIM}"]'):
        node.attrs["src"] = os.path.relpath(OWN_SHIM, page.parent)
    for selector, attribute in FETCHED:
        for node in tree.css(selector):
            address = node.attributes[attribute] or ""
            # The address of this very page, for search engines, is not fetched.
            if re.match(r"(https?:)?//", address) and node.attributes.get("rel") != "canonical":
                faults.append(f"{page.relative_to(BUILT)}: {address} would be fetched")
    for node in tree.css("a[href]"):
        target = unquote((node.attributes["href"] or "").partition("#")[0])
        if not target or re.match(r"[a-z]+:", target):
            continue
        place = (page.parent / target).resolve()
        if place.is_file():
            continue
        if (ROOT / "docs" / page.relative_to(BUILT)).parent.joinpath(target).resolve().exists():
            node.unwrap()  # a file of the checkout, named in the text
        else:
            faults.append(f"{page.relative_to(BUILT)}: {target} is not there")
    page.write_text(tree.html or "", encoding="utf-8")
    return faults


if __name__ == "__main__":
    main()
