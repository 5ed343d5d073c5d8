"""What the site costs: seconds, files and size for the five reports and for many, and how its pages open.

Belongs here: building sites of synthetic reports and opening pages in a real browser. Does not belong here: tuning.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from synthetic_reports import write_reports

from dagster_project.site import build_site

ROOT = Path(__file__).resolve().parents[1]
COUNTS = (5, 100, 1000)
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def section() -> str:
    """Part of the page, as Markdown; pages are opened where there is a Chromium."""
    lines = [
        "## The site",
        "",
        "Synthetic reports. First paint of the start page and of a report, opened from disk with an empty cache.",
        "",
        "| reports | seconds | pages | MB | KB a report | start page, ms | report, ms | KB of a report page |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            lines.append(_row(count, Path(folder)))
    return "\n".join(lines)


def _row(count: int, folder: Path) -> str:
    write_reports(folder / "reports", range(count))
    warehouse = folder / "warehouse" / "kommunlager.duckdb"
    subprocess.run(
        [
            *(sys.executable, "-m", "dagster_project.cli", "refresh"),
            *("--reports", str(folder / "reports"), "--warehouse", str(warehouse)),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    began = time.perf_counter()
    result = build_site(warehouse, folder / "site")
    seconds = time.perf_counter() - began
    report = sorted((folder / "site" / "r").glob("*.html"))[0]
    start_paint, report_paint = _paints([folder / "site" / "index.html", report])
    return (
        f"| {count} | {seconds:.1f} | {result.pages} | {result.size_bytes / 1e6:.1f} | "
        f"{result.size_bytes / 1e3 / count:.0f} | {start_paint} | {report_paint} | {report.stat().st_size / 1e3:.0f} |"
    )


def _paints(pages: list[Path]) -> list[str]:
    import shutil

    program = shutil.which("chromium")
    if program is None:
        return ["no browser"] * len(pages)
    from playwright.sync_api import sync_playwright

    paints = []
    with sync_playwright() as playwright:
        for page in pages:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
            paints.append(f"{tab.evaluate(PAINT):.0f}")
            browser.close()
    return paints


if __name__ == "__main__":
    print(section())
