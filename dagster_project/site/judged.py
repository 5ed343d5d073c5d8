"""What decided about the figures of a report, and the arithmetic that they take part in: the panel of the marked cell.

Belongs here: the judgements that the marts hold about a figure, in words, and what its page needs to show them. Does
not belong here: questions to the warehouse (``read``), and judging anything anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from dagster_project.site import text
from dagster_project.site.read import PrintedTable, Row

Words = tuple[str, str]
"""The same in Swedish and English."""

UNIT_BASES: Final[Mapping[str, Words]] = {
    "cell": ("står i cellen", "stands in the cell"),
    "row": ("står på raden", "stands in the row"),
    "label": ("följer av radens etikett", "follows from the label of the row"),
    "header": ("står i kolumnens rubrik", "stands in the header of the column"),
    "table": ("står vid tabellen", "stands at the table"),
    "word": ("cellen är ett ord", "the cell is a word"),
    "column": ("som kolumnens andra celler", "as the other cells of the column"),
    "inferred": ("av talens storlek", "from the size of the figures"),
    "report": ("sägs för hela rapporten", "told for the whole report"),
    "default": ("inget annat sägs", "nothing else is told"),
    "unknown": ("kan inte avgöras", "cannot be told"),
}
"""Where the unit was found, by ``unit_basis``."""

SCENARIO_BASES: Final[Mapping[str, Words]] = {
    "header": ("sägs i kolumnens rubrik", "told by the header of the column"),
    "row": ("sägs på raden", "told by the row"),
    "cell": ("sägs i cellen", "told by the cell"),
    "stated_again": ("en annan tabell trycker samma siffror", "another table prints the same figures"),
    "period": ("rubriken är bara en period", "the header is a period only"),
    "default": ("rapporten trycker inget annat", "such reports print nothing else"),
}
"""What tells the scenario, by ``scenario_basis``."""

SIGN_BASES: Final[Mapping[str, Words]] = {
    "row_arithmetic": ("radens egen räkning", "the arithmetic of the row itself"),
    "table_arithmetic": ("tabellens räkning", "the arithmetic of the table"),
    "account": ("vad raden är, och hur tabellen trycker kostnader", "what the line is, and how the table prints costs"),
    "label": ("vad raden heter, och hur tabellen trycker kostnader", "the label, and how the table prints costs"),
    "kind": ("bidrag och anslag är intäkter", "grants and allocations are income"),
    "variance": ("plus är bättre i en avvikelse", "plus is better in a variance"),
    "word": ("ett ord som underskott", "a word such as underskott"),
}
"""How it was told whether an amount is a cost or an income, by ``sign_basis``."""

CONCEPT_BASES: Final[Mapping[str, Words]] = {
    "exact": ("etiketten är ett känt namn", "the label is a known name"),
    "normalised": ("etiketten har samma ord", "the label has the same words"),
    "pattern": ("etiketten följer ett mönster", "the label follows a pattern"),
}
"""How the concept was found, by ``concept_basis``."""

KINDS: Final[Mapping[str, Words]] = {
    "sum": ("Summa", "Sum"),
    "variance": ("Avvikelse", "Variance"),
    "stated again": ("Anges på nytt", "Stated again"),
    "national": ("Nationell statistik", "National statistics"),
    "scale": ("Storleksordning", "Order of magnitude"),
}
"""What a figure was held against, by ``kind`` of ``figure_identity``."""


def judged(
    tables: list[PrintedTable],
    identities: list[Row],
    report: Row,
    organisations: Mapping[str, Row],
    unit_words: Callable[[str], Words],
    page_of: Callable[[str], str],
) -> Row:
    """What the panel shows of each figure.

    Args:
        tables: those of the report, with the figures of their cells.
        identities: rows of ``read.identities`` for the report.
        report: its row of the overview.
        organisations: owners by ``organisation_key``.
        unit_words: a unit in words.
        page_of: the file name of the page of another report.

    Returns:
        ``steps``, each once: what was decided (two languages), what it is (two) and how that was told (two); ``of``,
        the places of the steps of each figure by its anchor; ``sums``, each with its kind (two languages), whether it
        holds (1), is broken (-1) or neither (0), a remark, and what takes part: sign (0 for the computed one), as
        printed, address, label, and whether it proves that figure.
    """
    steps: dict[tuple[str, ...], int] = {}
    of = {}
    for table in tables:
        for line in table.lines:
            for cell in line:
                for figure in cell["figures"]:
                    found = _steps(figure, report, organisations, unit_words)
                    of[text.figure_anchor(figure["fact_key"])] = [steps.setdefault(one, len(steps)) for one in found]
    return {
        "steps": [list(step) for step in steps],
        "of": of,
        "sums": [
            _sum(list(group), report["report_id"], page_of)
            for _, group in groupby(identities, key=itemgetter("identity_key"))
        ],
    }


def _steps(
    figure: Row, report: Row, organisations: Mapping[str, Row], unit_words: Callable[[str], Words]
) -> Iterator[tuple[str, ...]]:
    """The judgements about one figure, in the order in which a reader asks."""

    def step(what: Words, value: Words, how: Words = ("", "")) -> tuple[str, ...]:
        return (*what, *value, *how)

    if figure["unit"] is not None and figure["value_numeric"] is not None:
        yield step(("Enhet", "Unit"), unit_words(figure["unit"]), _told(UNIT_BASES, figure["unit_basis"]))
    scenario = text.SCENARIO_WORDS.get(figure["scenario"], (figure["scenario"], figure["scenario"]))
    yield step(("Slag", "Kind"), scenario, _told(SCENARIO_BASES, figure["scenario_basis"]))
    period = text.period(figure["period_start"], figure["period_end"])
    yield step(("Period", "Period"), (period, period) if period else ("kan inte avgöras", "cannot be told"))
    yield step(("Vems", "Whose"), *_owner(figure, report, organisations))
    if figure["concept_name"] is not None:
        name = figure["concept_name"]
        yield step(("Begrepp", "Concept"), (name, name), _told(CONCEPT_BASES, figure["concept_basis"]))
    if figure["amount_sek_normalised"] is not None:
        amount = f"{text.number(figure['amount_sek_normalised'])} kr"
        yield step(("Med tecken", "With its sign"), (amount, amount), _told(SIGN_BASES, figure["sign_basis"]))
    if figure["extraction_basis"] == "ocr":
        yield step(("Läst", "Read"), ("ur en bild, med OCR", "from a picture, by OCR"))


def _told(words: Mapping[str, Words], basis: str | None) -> Words:
    return ("", "") if basis is None else words.get(basis, (basis, basis))


def _owner(figure: Row, report: Row, organisations: Mapping[str, Row]) -> tuple[Words, Words]:
    """Whose figure it is, and what names the owner."""
    owner = organisations.get(figure["organisation_key"])
    parts = [] if owner is None else [owner["unit_name"], owner["committee"], owner["municipality_name"]]
    name = next(filter(None, parts), "–")
    if figure["entity"] is not None:
        is_group = figure["entity"] == "group"
        said = (f"{name}, med sina bolag", f"{name}, with its companies") if is_group else (figure["entity"],) * 2
        return said, ("nämns i tabellen", "named in the table")
    if figure["organisation_key"] == report["organisation_key"]:
        return (name, name), ("rapportens egen", "of the report itself")
    return (name, name), ("nämns på raden", "named by the row")


def _sum(rows: list[Row], report_id: str, page_of: Callable[[str], str]) -> list[Any]:
    """One identity: what is computed first, then its parts; parts of nought say nothing and are left out."""
    first = rows[0]
    remark = ""
    if first["statistic_title"] is not None:
        unit = text.unit_name(first["national_unit"])
        remark = f"{first['statistic_title']}: {text.number(first['national_value'])} {unit} ({first['source_key']})"
    state = 1 if first["is_holding"] else -1 if any(row["is_broken"] for row in rows) else 0
    parts = [
        [
            int(row["sign"] or 0),
            row["value_text"],
            ("" if row["report_id"] == report_id else f"{page_of(row['report_id'])}.html")
            + f"#{text.figure_anchor(row['fact_key'])}",
            " | ".join(filter(None, [row["row_label"], row["column_label"]])),
            int(row["is_proving"]),
        ]
        for row in rows
        if not row["sign"] or row["value_numeric"]
    ]
    return [*KINDS[first["kind"]], state, remark, parts]
