"""Words that narrow columns break: what is joined, and what is left as it stands.

Belongs here: heads of columns as texts. Does not belong here: how a page is read (``test_pdf_layouts``).
"""

from __future__ import annotations

import pytest

from dagster_project.extract.mending import KnownWords

KNOWN = KnownWords(
    [
        "Kostnader och intäkter",
        "Budgetavvikelse",
        "Måluppfyllelse, se nedan",
        "Kostnad per plats",
        "Netto",
        "Nettokostnad",
    ]
)


@pytest.mark.parametrize(
    ("printed", "mended"),
    [
        ("Kostna d", "Kostnad"),
        ("Måluppfyllel se", "Måluppfyllelse"),
        ("Kostnad er", "Kostnader"),
        ("Programpeng , kr", "Programpeng, kr"),
        ("Budget 2022 Kostna d, tkr", "Budget 2022 Kostnad, tkr"),
        ("Budget-avvikelse 2023", "Budgetavvikelse 2023"),
    ],
)
def test_what_can_only_be_one_word_is_joined(printed: str, mended: str) -> None:
    assert KNOWN.mended(printed) == mended


@pytest.mark.parametrize(
    "printed",
    [
        "Netto kostnad",
        "Avvikel se",
        "Kostnad se",
        "Utfall i",
        "Kostna D",
        "Ledning stab",
        "12 st",
        "Kostna 5",
        "Av se",
        "Mål 2023",
        "HR-kostnader",
        "Budget-utfall",
    ],
)
def test_what_may_be_two_words_is_left(printed: str) -> None:
    assert KNOWN.mended(printed) == printed
