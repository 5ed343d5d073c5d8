"""Reading pictures of print: pages without a text layer, and pictures on a page that may hold a table.

Belongs here: the engines (``engine``), from what they say to words and rules of a page (``pictures``), and which of the
figures are believed (``vouching``); here, whether the engines are there. Does not belong here:
tables and headings (``pdf``), which are found in these words as in any others.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGES: Final = ("rapidocr", "onnxruntime", "tesserocr")
EXTRA: Final = "pip install 'kommunlager[ocr]'"
LANGUAGE: Final = "swe"
LANGUAGE_FOLDERS: Final = (
    *("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"),
    *("/usr/share/tessdata", "/usr/share/tesseract/tessdata", "/usr/local/share/tessdata"),
)
"""Where Debian and others keep the languages of Tesseract."""
PROCESSOR: Final = ("/proc/cpuinfo", "/sys/devices/system/cpu")
"""What onnxruntime asks for, to know which instructions there are."""
READABLE: Final = (*LANGUAGE_FOLDERS, *PROCESSOR)
"""What the engines read beside their packages."""
ENVIRONMENT: Final = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}
"""A child may have no threads, and documents are read in parallel anyhow; the engines look when they are imported."""


def language_folder() -> str | None:
    """The folder with Swedish for Tesseract."""
    return next((path for path in LANGUAGE_FOLDERS if (Path(path) / f"{LANGUAGE}.traineddata").is_file()), None)


def what_is_missing() -> str | None:
    """Why pictures cannot be read on this machine and what to do, in plain words; None where they can."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        return f"without {', '.join(missing)}: {EXTRA}"
    if language_folder() is None:
        return "without Swedish for Tesseract: apt-get install tesseract-ocr-swe"
    return None


def engine_versions() -> str:
    """The engines with their versions, for the extraction cache and for people; empty without any."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
