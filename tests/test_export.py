"""The export: the same figures in every format, described, and a folder that is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from frictionless import Package

from dagster_project.exporting.excel import MAX_CHARACTERS, Workbook
from dagster_project.exporting.folder import FORMATS, Exported, export
from dagster_project.exporting.relations import Column, ExportError, Municipality, Relation, list_relations
from dagster_project.warehouse.ask.query import Answer, as_text, harmless, open_published
from tests.conftest import Project
from tests.typeset_office.every_format import SOFFICE

OUTSIDE = ("fct_statistic", "dim_statistic", "statistic_comparison", "bridge_comparable_municipality", "inhabitants")
"""Facts of other publishers: ninety thousand rows, which a validator looks at for a minute."""


@pytest.fixture(scope="module")
def exported(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Exported]]:
    """All of the marts in all formats, but the large ones of other publishers' facts."""
    folder = tmp_path_factory.mktemp("export") / "out"
    with open_published(warehouse) as connection:
        marts = [one.name for one in list_relations(connection) if one.schema == "marts" and one.name not in OUTSIDE]
    return folder, export(warehouse, folder, views=marts)


def rows_of(warehouse: Path, relation: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(f"select * from {relation} order by all").fetchall()


def test_the_data_package_is_valid_with_every_row(exported: tuple[Path, list[Exported]]) -> None:
    report = Package.from_descriptor(str(exported[0] / "datapackage.json")).validate()
    assert report.flatten(["type", "message"]) == []
    assert report.valid


def test_outside_columns_carry_source_licence_and_attribution(warehouse: Path, tmp_path: Path) -> None:
    views = [*OUTSIDE, "price_index", "report_values"]
    export(warehouse, tmp_path / "out", formats=["csv", "parquet"], views=views, municipalities=["Gävle"])
    assert Package.from_descriptor(str(tmp_path / "out" / "datapackage.json")).validate().valid
    assert [path.name for path in (tmp_path / "out" / "parquet" / "fct_statistic").iterdir()] == ["part-0.parquet"]
    described = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    resources = {one["title"]: one for one in described["resources"] if one["format"] == "csv"}
    for relation in (*OUTSIDE, "price_index"):
        resource = resources[f"marts.{relation}"]
        fields_of = resource["schema"]["fields"]
        named = {one["name"] for field in fields_of for one in field.get("sources", ())}
        assert named == {one["name"] for one in resource["sources"]} != set(), relation
        assert all(one["licence"] and one["attribution"] for one in resource["sources"]), relation
        assert resource["licenses"], relation
    fields = {field["name"]: field for field in resources["marts.inhabitants"]["schema"]["fields"]}
    assert [one["attribution"] for one in fields["inhabitants"]["sources"]] == [
        "Källa: Kolada (N01951), SCB", "Källa: SCB", "Källa: SCB",
    ]  # fmt: skip
    computed = {field["name"]: field for field in resources["marts.statistic_comparison"]["schema"]["fields"]}
    assert "sources" not in computed["similar_median"], "what is computed of Kolada's does not name it"
    assert "sources" not in resources["marts.report_values"]


def test_a_portal_finds_every_file_with_its_sources(exported: tuple[Path, list[Exported]], warehouse: Path) -> None:
    """DCAT names the files that are there and no others, and the sources that the data package names."""
    catalogue = json.loads((exported[0] / "dcat.jsonld").read_text(encoding="utf-8"))
    assert catalogue["@type"] == "dcat:Catalog"
    distributions = [one for dataset in catalogue["dcat:dataset"] for one in dataset["dcat:distribution"]]
    files = {address["@id"] for one in distributions for address in one["dcat:downloadURL"]}
    there = {path.relative_to(exported[0]).as_posix() for path in exported[0].rglob("*") if path.is_file()}
    assert files == there - {"datapackage.json", "dcat.jsonld"}
    sourced = {one["dcterms:identifier"]: one for one in catalogue["dcat:dataset"] if "dcterms:source" in one}
    assert "marts.report_values" not in sourced
    prices = sourced["marts.price_index"]
    assert [one["dcterms:publisher"]["foaf:name"] for one in prices["dcterms:source"]] == ["World Bank"]
    assert prices["dcterms:source"][0]["dcterms:license"] == {"@id": "http://creativecommons.org/licenses/by/4.0/"}
    assert all(one["dcterms:license"] for one in prices["dcat:distribution"]), (
        "who uses what the World Bank says must name it"
    )


def test_every_column_is_described_in_words(exported: tuple[Path, list[Exported]], warehouse: Path) -> None:
    described = json.loads((exported[0] / "datapackage.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        comments = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    for form in FORMATS:
        found = {
            (resource["title"].removeprefix("marts."), field["name"]): field["description"]
            for resource in described["resources"]
            if resource["format"] == form
            for field in resource["schema"]["fields"]
        }
        assert found == {
            (table, column): " ".join(comment.split()) for table, column, comment in comments if table not in OUTSIDE
        }
    assert described["version"] == warehouse.resolve().parent.name


@pytest.mark.parametrize("view", ["report_values", "fct_financial", "budget_variance", "dim_report", "restatements"])
def test_csv_holds_what_the_warehouse_holds(exported: tuple[Path, list[Exported]], warehouse: Path, view: str) -> None:
    with (exported[0] / "csv" / f"{view}.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    wanted = [
        [harmless(value) if isinstance(value, str) else as_text(value) for value in row]
        for row in rows_of(warehouse, f"marts.{view}")
    ]
    assert sorted(rows) == sorted(wanted)


@pytest.mark.parametrize("view", ["report_values", "fct_financial", "budget_variance", "dim_report", "restatements"])
def test_parquet_holds_what_the_warehouse_holds(
    exported: tuple[Path, list[Exported]], warehouse: Path, view: str
) -> None:
    files = exported[0] / "parquet" / view / "**" / "*.parquet"
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select * from read_parquet('{files}', hive_partitioning = false) order by all"
        ).fetchall()
    assert found == rows_of(warehouse, f"marts.{view}")


def test_parquet_has_a_folder_for_each_municipality(exported: tuple[Path, list[Exported]]) -> None:
    folder = exported[0] / "parquet" / "report_values"
    assert sorted(path.name for path in folder.iterdir()) == [
        "municipality=1283-helsingborg",
        "municipality=1480-goteborg",
        "municipality=2180-gavle",
    ]
    with duckdb.connect() as connection:
        sql = f"select distinct municipality, municipality_code from read_parquet('{folder}/**/*.parquet') order by 1"
        assert connection.execute(sql).fetchall() == [
            ("1283-helsingborg", "1283"),
            ("1480-goteborg", "1480"),
            ("2180-gavle", "2180"),
        ]


def test_excel_has_a_sheet_for_each_view_with_numbers_as_numbers(
    exported: tuple[Path, list[Exported]], warehouse: Path
) -> None:
    book = openpyxl.load_workbook(exported[0] / "kommunlager.xlsx")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        views = connection.execute(
            "select table_name from duckdb_columns() where schema_name = 'marts' group by all order by 1"
        ).fetchall()
    assert book.sheetnames == ["columns", *(name for (name,) in views if name not in OUTSIDE)]
    sheet = book["report_values"]
    assert sheet.freeze_panes == "A2"
    head = [cell.value for cell in sheet[1]]
    amounts = [row[head.index("amount_sek")].value for row in sheet.iter_rows(min_row=2)]
    numbers = [float(amount) for amount in amounts if isinstance(amount, (int, float))]
    texts = [row[head.index("value_text")] for row in sheet.iter_rows(min_row=2)]
    codes = {row[head.index("municipality_code")].value for row in sheet.iter_rows(min_row=2)}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        wanted = connection.execute("select sum(amount_sek)::double from marts.report_values").fetchone()
    assert len(numbers) == sum(amount is not None for amount in amounts) > 300
    assert wanted == (pytest.approx(sum(numbers)),)
    assert codes == {"1283", "1480", "2180"}, "codes are texts"
    negative = [cell for cell in texts if str(cell.value).startswith("-")]
    assert negative
    assert {(cell.data_type, bool(cell.quotePrefix)) for cell in negative} == {("s", True)}, (
        "a printed -7,7% is no formula"
    )
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet["A1"].comment is not None


def relation(*names: str) -> Relation:
    return Relation("marts", "odd", "Odd.", tuple(Column(name, "VARCHAR", "A column.", True) for name in names), ())


def test_what_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.org")', "\t=1", "http://example.org", "0180"]
    odd = relation("text")
    with Workbook(tmp_path / "x.xlsx", [odd], "test") as book:
        book.add(odd, [(text,) for text in texts])
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["odd"]
    cells = [sheet.cell(row, 1) for row in range(2, len(texts) + 2)]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 6 + [False] * 2
    assert all(cell.hyperlink is None for cell in cells)


HARMFUL = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.org";"x")',
    "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\ufeff=1+1", "\u200b=1+1",
    "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)", "-5 (-3)", "- varav lön", "first;=1+1;third",
    "first\n=1+1", 'first";=1+1;"third', "+46 8 123 (växel)", "\ttext",
]  # fmt: skip
HARMLESS = [
    "-7,7%",
    "- 1 500",
    "-1 234,5",
    "−5",
    "-",
    "+",
    "-12",
    "+3,5 %",
    "1-4",
    "a=b",
    "a - b",
    "",
    "x@example.org",
    "'=1",
]


def test_csv_holds_no_formula_and_numbers_as_they_are(warehouse: Path) -> None:
    values = [*HARMFUL, *HARMLESS]
    sql = f"select unnest([{', '.join(_quoted(value) for value in values)}]) as text, -5 as n, -7.5::decimal(9, 2) as d"
    with open_published(warehouse) as connection:
        marked, exact = io.StringIO(newline=""), io.StringIO(newline="")
        Answer(connection, sql).write_csv(marked)
        Answer(connection, sql).write_csv(exact, exact=True)
    _, *rows = csv.reader(io.StringIO(exact.getvalue(), newline=""))
    assert [row[0] for row in rows] == values
    _, *rows = csv.reader(io.StringIO(marked.getvalue(), newline=""))
    assert [row[0] for row in rows[len(HARMFUL) :]] == HARMLESS
    assert {(row[1], row[2]) for row in rows} == {("-5", "-7.50")}
    for value, (shown, *_) in zip(HARMFUL, rows, strict=False):
        assert shown != value
        assert shown.replace("'", "") == value.replace("'", "")


@pytest.mark.slow
@pytest.mark.skipif(not SOFFICE, reason="no LibreOffice on this machine")
@pytest.mark.parametrize("separator", ["44", "59", "9"])
def test_no_cell_of_a_csv_is_a_formula_in_a_spreadsheet(warehouse: Path, tmp_path: Path, separator: str) -> None:
    """As it is opened in English, in Swedish (semicolons) and with tabs; without the marks there are formulas."""
    sql = f"select unnest([{', '.join(map(_quoted, [*HARMFUL, *HARMLESS]))}]) as \"=1+1\", 'x' as other"
    found = {}
    for name, exact in (("marked", False), ("exact", True)):
        file = tmp_path / f"{name}.csv"
        with open_published(warehouse) as connection, file.open("w", encoding="utf-8", newline="") as out:
            Answer(connection, sql).write_csv(out, exact=exact)
        reading = f"--infilter=CSV:{separator},34,UTF8,1,,1033,false,true,false,false,false,-1,true"
        done = subprocess.run(
            [str(SOFFICE), "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", reading,
             "--convert-to", "xlsx", "--outdir", str(tmp_path), str(file)],
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        written = next(iter(sorted(tmp_path.glob(f"{name}*.xlsx"))), None)
        assert written is not None, done.stderr
        cells = [cell for row in openpyxl.load_workbook(written).worksheets[0].iter_rows() for cell in row]
        found[name] = [cell.value for cell in cells if cell.data_type == "f"]
    assert found["marked"] == []
    assert found["exact"], "the test would find some"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_the_data_package_with_marked_texts_is_valid_and_says_so(warehouse: Path, tmp_path: Path) -> None:
    for exact in (False, True):
        target = tmp_path / f"{exact}"
        export(warehouse, target, formats=["csv"], views=["dim_unit"], exact=exact)
        described = json.loads((target / "datapackage.json").read_text(encoding="utf-8"))
        assert ("an apostrophe" in described["description"]) is not exact
        assert Package.from_descriptor(str(target / "datapackage.json")).validate().valid


def test_a_text_that_excel_cannot_hold_is_named(tmp_path: Path) -> None:
    odd = relation("text")
    with (
        pytest.raises(ExportError, match=r"odd, row 2, column text: 32,768 characters"),
        Workbook(tmp_path / "x.xlsx", [odd], "test") as book,
    ):
        book.add(odd, [("x" * (MAX_CHARACTERS + 1),)])


def test_a_choice_of_municipality_and_views(warehouse: Path, tmp_path: Path) -> None:
    views = ["report_values", "raw.cell", "dim_municipality", "dim_report"]
    places = ["Göteborgs stad", "2180"]
    done = export(warehouse, tmp_path / "out", formats=["csv"], views=views, municipalities=places)
    assert {one.relation for one in done} == {"report_values", "raw_cell", "dim_municipality", "dim_report"}
    with (tmp_path / "out" / "csv" / "report_values.csv").open(encoding="utf-8", newline="") as file:
        assert {row["municipality_code"] for row in csv.DictReader(file)} == {"1480", "2180"}
    with (tmp_path / "out" / "csv" / "raw_cell.csv").open(encoding="utf-8", newline="") as file:
        assert {row["report_id"].partition("-")[0] for row in csv.DictReader(file)} == {"goteborg", "gavle"}
    with (tmp_path / "out" / "csv" / "dim_municipality.csv").open(encoding="utf-8", newline="") as file:
        assert {row["municipality_code"] for row in csv.DictReader(file)} == {"none", "1480", "2180"}
    assert Package.from_descriptor(str(tmp_path / "out" / "datapackage.json")).validate().valid


@pytest.mark.parametrize(
    ("views", "municipalities", "message"),
    [
        (["reprt_values"], [], r"'reprt_values'.*marts\.report_values"),
        ([], ["Götborg"], "'Götborg'.*Göteborg"),
        ([], ["9999"], "9999"),
        (["raw.nothing"], [], "nothing"),
    ],
)
def test_a_name_that_is_not_there_is_said_with_those_it_looks_like(
    warehouse: Path, tmp_path: Path, views: list[str], municipalities: list[str], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        export(warehouse, tmp_path / "out", views=views, municipalities=municipalities)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_folder_of_somebody_else_is_left_alone_and_an_earlier_export_replaced(
    warehouse: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("important")
    with pytest.raises(ExportError, match="no earlier export"):
        export(warehouse, theirs, formats=["csv"])
    assert [path.name for path in theirs.iterdir()] == ["thesis.txt"]
    ours = tmp_path / "ours"
    export(warehouse, ours, formats=["csv"], views=["dim_unit"])
    export(warehouse, ours, formats=["csv"], views=["dim_status"])
    assert sorted(path.name for path in (ours / "csv").iterdir()) == ["dim_status.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]


def test_the_command_says_what_it_wrote_and_what_is_wrong(warehouse: Path, tmp_path: Path) -> None:
    project = Project(Path(__file__).resolve().parents[1], tmp_path)
    options = ("--warehouse", str(warehouse), "--format", "csv", "--views", "dim_unit,dim_status")
    done = project.run("export", str(tmp_path / "out"), *options)
    assert done.returncode == 0, done.stderr
    assert "2 tables and views" in done.stdout
    wrong = project.run("export", str(tmp_path / "out"), *options, "--municipality", "Storkommun")
    assert wrong.returncode == 1
    assert "Storkommun" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_folder_of_a_municipality_is_no_number() -> None:
    """``0180`` alone would be read back as 180."""
    assert Municipality("0180", "Stockholm").slug == "0180-stockholm"
    assert Municipality("1440", "Ale").slug == "1440-ale"
    assert Municipality("0319", "Älvkarleby").slug == "0319-alvkarleby"
