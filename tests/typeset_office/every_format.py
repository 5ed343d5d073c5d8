"""The five reports in every format, one folder each.

Belongs here: which writer makes which format. Does not belong here: what the tests expect of them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.typeset import platypus
from tests.typeset.model import Style
from tests.typeset.model import blocks as printed_blocks
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import report_paths, text_version
from tests.typeset_office.text_writer import write_csv, write_markdown
from tests.typeset_office.xlsx_writer import write_xlsx

SOFFICE = shutil.which("soffice")
CONVERTED = ("ods", "xls")
"""Formats that LibreOffice writes, from the workbooks."""


def write_every_format(folder: Path) -> list[str]:
    """Write the reports into ``folder/<format>/<report>.<format>``; the formats written."""
    for path in report_paths():
        data, document = path.read_bytes(), text_version(path.name)
        forms = {
            "md": write_markdown(document),
            "csv": write_csv(document),
            "tsv": write_csv(document, delimiter="\t"),
            "html": write_html(document),
            "docx": write_docx(document),
            "xlsx": write_xlsx(document),
            "pdf": platypus.typeset(printed_blocks(data), Style("grid", "grid")),
        }
        for form, content in forms.items():
            target = folder / form / f"{path.stem}.{form}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    if SOFFICE:
        for form in CONVERTED:
            convert(sorted((folder / "xlsx").iterdir()), form, folder / form)
    return sorted(path.name for path in folder.iterdir())


def convert(files: list[Path], form: str, target: Path) -> None:
    """Have LibreOffice write files in another format."""
    assert SOFFICE is not None
    target.mkdir(parents=True, exist_ok=True)
    profile = (target.parent / ".libreoffice").resolve().as_uri()
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to", form, "--outdir", str(target)]
        + [str(file) for file in files],
        check=True,
        capture_output=True,
        timeout=300,
    )
    shutil.rmtree(target.parent / ".libreoffice", ignore_errors=True)
