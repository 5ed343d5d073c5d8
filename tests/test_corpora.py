"""Four corpora written without the rules: the shares of right values that the rules have reached, as floors.

Belongs here: shares over a corpus, and single documents that once went wrong (``cases``), for they share its refresh.
Does not belong here: single fields of single values of the corpora (``test_composed``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.annotation import (
    ATTRIBUTES,
    Row,
    agrees,
    expected_differences,
    pair,
    read_found,
    read_found_metadata,
    read_gold,
    read_metadata,
)

FOLDER = Path(__file__).parent / "corpora"


@dataclass(frozen=True)
class Floors:
    """The least share of annotated values right in every attribute, and found at all; of found values, annotated."""

    right: float
    recall: float
    precision: float


REACHED = {
    "invented": Floors(right=0.99, recall=1.0, precision=1.0),
    "printed": Floors(right=0.98, recall=0.995, precision=1.0),
    "varied": Floors(right=0.99, recall=0.995, precision=1.0),
    "unseen": Floors(right=0.94, recall=0.995, precision=1.0),
}


def _wrong(report_id: str, gold: list[Row], found: list[Row], pairs: list[tuple[int, int]]) -> Iterator[str]:
    for number, other in pairs:
        fields = [name for name in ATTRIBUTES if not agrees(name, gold[number], found[other])]
        if fields:
            row = gold[number]
            yield f"{report_id}, table {row['table_seq']}, {row['row_label']!r}, {row['column_label']!r}: {fields}"


@pytest.mark.parametrize("corpus", REACHED)
def test_the_shares_reached_are_kept(corpora: Path, corpus: str) -> None:
    gold, found = read_gold(FOLDER / corpus / "gold"), read_found(corpora)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for report_id, rows in gold.items():
        pairs = pair(rows, found[report_id])
        wrong += _wrong(report_id, rows, found[report_id], pairs)
        counts.update(gold=len(rows), found=len(found[report_id]), paired=len(pairs))
    right = counts["paired"] - len(wrong)
    shares = Floors(right / counts["gold"], counts["paired"] / counts["gold"], counts["paired"] / counts["found"])
    floors = REACHED[corpus]
    assert shares.precision >= floors.precision, shares
    assert shares.recall >= floors.recall, shares
    assert shares.right >= floors.right, f"{shares}, {len(wrong)} wrong:\n" + "\n".join(wrong[:40])


@pytest.mark.parametrize("corpus", REACHED)
def test_municipality_committee_and_year_are_right(corpora: Path, corpus: str) -> None:
    wanted, found = read_metadata(FOLDER / corpus / "gold"), read_found_metadata(corpora)
    names = ("municipality_code", "committee", "fiscal_year")
    assert {report_id: [row[name] for name in names] for report_id, row in wanted.items()} == {
        report_id: [found[report_id][name] for name in names] for report_id in wanted
    }


def _ask(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("expected", sorted((FOLDER / "cases" / "expected").glob("*.csv")), ids=lambda path: path.stem)
def test_cases_have_their_figures(corpora: Path, expected: Path) -> None:
    """Every attribute that the answer gives, each as printed or unknown where the answer allows it."""
    assert expected_differences(expected, read_found(corpora)[expected.stem]) == []


def test_bodies_of_their_own_are_no_municipality(corpora: Path) -> None:
    """A housing association has a municipality as its place only; a company is named in full."""
    assert _ask(
        corpora,
        """
        select
            report_id, dim_report.municipality_code, level, body_name, place_municipality_code,
            dim_organisation.committee
        from marts.dim_report inner join marts.dim_organisation using (organisation_key)
        where report_id in ('s10-housing-association', 'ab-i-lund', 's12-committee-beside-title')
        order by report_id
        """,
    ) == [
        ("ab-i-lund", "none", "other", "Lunds Nationers Bostads AB", None, None),
        ("s10-housing-association", "none", "other", "Brf Granbacken", "0182", None),
        ("s12-committee-beside-title", "0360", "committee", None, None, "Samhällsnämnden"),
    ]
    assert _ask(corpora, "select count(*) from marts.municipality_comparison where level = 'other'") == [(0,)]
    assert (
        _ask(
            corpora, "select * from marts.reports_to_settle where report_id in ('s10-housing-association', 'ab-i-lund')"
        )
        == []
    )


def test_groups_and_chapters_own_their_rows(corpora: Path) -> None:
    """Rows below a committee and its sum are its own; the grand total and the statement are the municipality's."""
    rows = _ask(
        corpora,
        """
        select distinct table_seq, row_index, row_label, org_unit, level, dim_organisation.committee, unit_name
        from marts.report_values
        inner join marts.dim_organisation using (organisation_key)
        where report_id = 'whose-rows' and table_seq <= 4
        order by table_seq, row_index
        """,
    )
    social, school = (
        ("Socialnämnden", "committee", "Socialnämnden", None),
        ("Bildningsnämnden", "committee", "Bildningsnämnden", None),
    )
    technical = ("Tekniska nämnden", "committee", "Tekniska nämnden", None)
    water, whole = ("VA-verksamheten", "unit", None, "VA-verksamheten"), (None, "municipality", None, None)
    assert [(row[0], row[2], *row[3:]) for row in rows] == [
        *((1, label, *social) for label in ("Intäkter", "Kostnader", "Summa socialnämnden")),
        *((1, label, *school) for label in ("Intäkter", "Kostnader", "Summa bildningsnämnden")),
        (1, "Summa", *whole),
        *((2, label, *school) for label in ("Ny förskola", "Inventarier", "Summa")),
        *((2, label, *technical) for label in ("Gator", "Summa")),
        (2, "Totalt", *whole),
        *((3, label, *water) for label in ("Verksamhetens intäkter, tsek", "Årets resultat, tsek")),
        *((4, label, *whole) for label in ("Verksamhetens intäkter", "Årets resultat")),
    ]


def test_units_of_money_come_from_the_seed(corpora: Path) -> None:
    """A unit behind a label hides no account, whichever it is; other currencies have no amount in kronor."""
    assert _ask(
        corpora,
        """
        select row_label, account_key from marts.fct_financial
        where report_key = md5('whose-rows') and row_label like '%, tsek' group by all order by all
        """,
    ) == [("Verksamhetens intäkter, tsek", "operating_revenue"), ("Årets resultat, tsek", "net_result")]
    assert _ask(
        corpora,
        """
        select distinct row_label, unit, amount_sek from marts.report_values
        where report_id = 'whose-rows' and table_seq = 5 order by all
        """,
    ) == [
        ("Bidrag från EU, tusen euro", "teur", None),
        ("Nettokostnad per brukare, tkr", "tkr", None),
        ("Ramar", "unknown", None),
    ]


def test_tables_of_real_reports_mean_what_a_reader_sees(corpora: Path) -> None:
    """Kinds that real reports print, each a small table: what each figure is, of what group, when and in which unit."""
    rows = _ask(
        corpora,
        """
        select
            table_seq, concat_ws(' > ', group_label, row_label), column_label, scenario,
            strftime(period_start, '%y%m%d') || '-' || strftime(period_end, '%y%m%d'), unit, value_numeric, is_total
        from marts.report_values where report_id = 'real-kinds' order by table_seq, row_index, col_index
        """,
    )
    tables: dict[object, list[tuple[object, ...]]] = {}
    for number, *row in rows:
        tables.setdefault(number, []).append(tuple(row))

    def of(table: int, *places: int) -> list[tuple[object, ...]]:
        return [tuple(dict.fromkeys(row[place] for row in tables[table])) for place in places]

    # Totals above their parts lead them; the last one adds those totals up.
    groups = ["Expansionsinvestering", "Reinvestering"]
    assert [row[0] for row in tables[1][::2]] == [
        groups[0], f"{groups[0]} > Parkmiljö", f"{groups[0]} > Gator",
        groups[1], f"{groups[1]} > Parkmiljö", f"{groups[1]} > Broar", "Totala utgifter",
    ]  # fmt: skip
    assert [row[0] for row in tables[1][::2] if row[6]] == [*groups, "Totala utgifter"]
    # Charging others with costs is no rate of tax; what the period of this year is ends with the report.
    assert of(2, 2, 3, 4) == [("budget", "actual", "variance"), ("260101-261231", "260101-260430"), ("tkr",)]
    # Departments side by side: the same sums stand in a column of variances.
    assert of(3, 2, 3) == [("variance",), ("260101-261231",)]
    # A lone text below a header is the group, and what it counts is no money.
    assert of(4, 0, 4) == [("Antal besökare > Simhallen", "Antal besökare > Badet"), ("count", "text")]
    assert [row[5] for row in tables[4]] == [22898, 23902, 24000, 6900, 7519, None]
    assert of(5, 2, 3) == [("change",), ("260101-260430", "260101-261231")]
    assert of(6, 0) == [(
        "Nettokostnader", "Nettokostnader > Budget", "Nettokostnader > Budgetavvikelse",
        "Nettoinvesteringar", "Nettoinvesteringar > Budget", "Nettoinvesteringar > Budgetavvikelse",
    )]  # fmt: skip
    assert of(7, 0) == [("Gemensamma tjänster > - Ekonomi", "Gemensamma tjänster > - HR", "Digital infrastruktur")]
    # The mark of a row is not its name.
    assert of(8, 0) == [("En fast avgift per mätställe", "En rörlig avgift")]
    assert of(9, 0, 3) == [("Socialnämnden", "Tekniska nämnden"), ("280101-281231",)]
    assert of(10, 3) == [("230701-240630", "240701-250630", "250701-260630")]
    assert of(11, 2, 3, 4) == [("actual", "change"), ("240101-241231", "250101-251231"), ("fte",)]
    # "kronor" at the beginning of a wrapped line states no unit.
    assert "kr" not in of(13, 4)[0]


def test_projects_are_no_departments(corpora: Path) -> None:
    assert _ask(
        corpora,
        "select distinct kind, org_unit from marts.report_values where report_id = 'real-kinds' and table_seq = 12",
    ) == [("financial", None)]


def test_the_mark_of_a_row_is_its_note(corpora: Path) -> None:
    assert _ask(
        corpora,
        "select row_note from marts.report_values where report_id = 'real-kinds' and table_seq = 8 order by row_index",
    ) == [("A",), ("B1",)]


def test_printed_figures_are_held_against_national_ones(corpora: Path) -> None:
    """Inhabitants: SCB's in thirteen municipalities, and each that differs by more than rounding."""
    with duckdb.connect(str(corpora), read_only=True) as connection:
        agreeing = connection.execute(
            "select count(*), count(distinct municipality_code) from marts.printed_and_national "
            "where statistic_key = 'scb_population' and is_agreeing"
        ).fetchall()
        differing = connection.execute(
            "select municipality_name, year, difference, explanation from marts.printed_and_national "
            "where statistic_key = 'scb_population' and not is_agreeing order by all"
        ).fetchall()
    assert agreeing >= [(53, 13)], "one that agreed does no longer"
    assert differing == [
        ("Kalmar", 2022, -314.0, "not explained"),  # an invented report
        ("Kalmar", 2023, -286.0, "other year: equal to 2022"),
        ("Tyresö", 2016, -157.0, "not explained"),
        ("Tyresö", 2018, -248.0, "not explained"),
        ("Vansbro", 2017, -1.0, "not explained"),
        ("Vännäs", 2016, -2.0, "not explained"),
        ("Vännäs", 2017, -52.0, "not explained"),
        ("Vännäs", 2018, 8.0, "not explained"),
        ("Vännäs", 2019, -3.0, "not explained"),
        ("Vännäs", 2020, -53.0, "not explained"),
        ("Växjö", 2023, -184.0, "not explained"),
        ("Växjö", 2024, -636.0, "not explained"),
    ]
