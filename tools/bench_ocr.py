"""How quickly scanned pages are read, and how many of their figures are given.

Belongs here: drawn pages (``tests/drawn``) through the reader's child. Does not belong here: other formats and other
benchmarks (``bench``). Needs the extra ``ocr`` and Swedish for Tesseract.

    python tools/bench_ocr.py [PAGES]
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PAGES = 12


def section(pages: int = PAGES) -> str:
    """Pages a CPU second and memory, as one part of docs/benchmarks.md."""
    from dagster_project.extract import ExtractionError, Limits
    from dagster_project.extract.ocr import engine_versions, what_is_missing
    from dagster_project.extract.sandbox import Children
    from tests.drawn import draw, spoiled

    if missing := what_is_missing():
        return f"## Pictures of print\n\nNot measured {missing}.\n"
    scans = []
    for number in range(pages):
        chance = random.Random(40_000 + number)
        scans.append(spoiled(chance, draw(chance), chance.random()))
    given = printed = refused = 0
    began = time.perf_counter()
    with Children(1) as children:
        for scan in scans:
            printed += len(scan.figures)
            try:
                document = children.extract(scan.pdf(), "scan.pdf", Limits(ocr=True))
            except ExtractionError:
                refused += 1
                continue
            given += sum(
                bool(c.vouched_by) and any(map(str.isdigit, c.text)) for c in document.cells if not c.is_header
            )
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    return (
        "## Pictures of print\n\n"
        f"{pages} pages with one table each, drawn and spoiled (`tests/drawn.py`), one after the other in one child; "
        f"{engine_versions()}. Documents are read in parallel, one a core.\n\n"
        "| | |\n| --- | --- |\n"
        f"| pages a CPU second | {pages / cpu:.2f} |\n"
        f"| seconds a page | {seconds / pages:.1f} |\n"
        f"| memory of the child | {used.ru_maxrss * 1024 / 1e6:.0f} MB |\n"
        f"| figures given of those printed | {given} of {printed} |\n"
        f"| pages refused whole | {refused} |\n"
    )


if __name__ == "__main__":
    print(section(*map(int, sys.argv[1:])))
