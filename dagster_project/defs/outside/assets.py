"""The tables of outside facts as assets.

Belongs here: keys, descriptions, metadata. Does not belong here: reading and checking editions (``outside``).
"""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.checks import recorded
from dagster_project.defs.services.assets import KEYS as FETCHED
from dagster_project.outside.load import load_outside
from dagster_project.outside.tables import SCHEMA, TABLES
from dagster_project.settings import Settings
from dagster_project.warehouse.intake import raw
from dagster_project.warehouse.state import journal

DESCRIPTIONS = {
    "source": "One row per edition: who published it, under which licence, and the hash of its files.",
    "statistic": "One row per statistic and edition of a catalogue.",
    "statistic_value": "One row per value of a statistic: municipality, year, gender and edition.",
    "comparable_municipality": "One row per municipality, area and municipality like it.",
    "price_index": "One row per year and edition of a price index.",
    "municipality_change": "One row per municipality that was founded, merged, renamed or moved to another county.",
    "place": "One row per municipality, region and the country, as Kolada names them.",
}

BEGUN = dg.AssetKey([raw.SCHEMA, "heading"])
"""Nothing here is made of it: reading reports begins the working file that this writes to. It is a raw table whose rows
no dbt test of severity error checks: those run with the models, which would then be before and behind these tables."""

SOURCE_KEY = dg.AssetKey([SCHEMA, "source"])


def _spec(table: str) -> dg.AssetSpec:
    columns = [dg.TableColumn(name, kind.removesuffix(" not null")) for name, kind in TABLES[table].items()]
    return dg.AssetSpec(
        [SCHEMA, table],
        deps=[BEGUN, *FETCHED],
        description=DESCRIPTIONS[table],
        group_name=SCHEMA,
        kinds={"python", "duckdb"},
        metadata={"dagster/table_name": f"{SCHEMA}.{table}", "dagster/column_schema": dg.TableSchema(columns)},
    )


@dg.multi_asset(
    name="outside_tables",
    specs=[_spec(table) for table in TABLES],
    check_specs=[
        dg.AssetCheckSpec(
            "every_fetched_edition_loads",
            asset=SOURCE_KEY,
            description="No fetched edition is left out. A warning: the others load. An edition of the checkout that "
            "is not what its source.yml says ends the refresh.",
        )
    ],
    pool="duckdb",
)
def outside_tables(settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Load the editions of ``seeds/sources`` and those fetched, when one of them has changed."""
    with journal.step("outside"):
        loaded = load_outside(settings)
    for problem in loaded.problems:
        journal.event("edition.left_out", "warning", reason=problem)
    for table, rows in loaded.rows.items():
        yield dg.MaterializeResult([SCHEMA, table], metadata={"dagster/row_count": rows, "is_new": loaded.is_new})
    yield recorded(
        dg.AssetCheckResult(
            asset_key=SOURCE_KEY,
            check_name="every_fetched_edition_loads",
            passed=not loaded.problems,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"reasons": dg.MetadataValue.md("\n".join(f"- {one}" for one in loaded.problems) or "none")},
        )
    )
