"""Words that lost a character are told; what is in order is not."""

from __future__ import annotations

import pytest

from dagster_project.extract import extract

TABLE = "Nyckeltal\tUtfall 2023\n{label}\t5\nAntal beslut\t7\n"


@pytest.mark.parametrize(
    ("label", "remark"),
    [
        ("F\ufffdrskola", "1 words have lost a character: F\ufffdrskola"),
        ("Netto\ue001ning", "1 words have lost a character: Netto\ue001ning"),
        ("FÃ¶rskola", "1 words have lost a character: FÃ¶rskola"),
        ("F?rskola ?ldre v?rd och oms?rg", "3 words have lost a character: F?rskola, v?rd, oms?rg"),
        ("Varför det? Se sidan?id", None),
        ("Förskola", None),
    ],
)
def test_words_that_have_lost_a_character_are_told(label: str, remark: str | None) -> None:
    document = extract(TABLE.format(label=label).encode(), "a.txt")
    assert [note for note in document.notes if "lost a character" in note] == ([remark] if remark else [])
