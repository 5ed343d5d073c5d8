"""What several test modules share: the command, one warehouse for the whole session, and a small project to break.

Belongs here: fixtures. Does not belong here: expectations. Everything is real: the job, dbt, DuckDB, files, processes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]

# A shell starts what it runs in the background with Ctrl-C ignored, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

SECONDS = 300
"""No command of these tests takes longer, even on a busy machine."""


@dataclass(frozen=True)
class Project:
    """A checkout with a place of its own for the warehouse."""

    root: Path
    folder: Path
    """Holds the warehouse, its state and the reports of one test."""

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse" / "kommunlager.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """Ours without what the developer's shell says about kommunlager or Dagster."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_"))}
        return kept | {
            "PYTHONPATH": str(self.root),
            "KOMMUNLAGER_REPORTS": str(self.reports),
            "KOMMUNLAGER_WAREHOUSE": str(self.warehouse),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dagster_project.cli", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The command line in a process of its own; never raises for its exit code."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """The same without waiting; standard error can be read line by line."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, subprocess.CompletedProcess[str]]:
    """The five reports, refreshed once by the command, and what the command said."""
    project = Project(ROOT, tmp_path_factory.mktemp("built"))
    project.reports.symlink_to(ROOT / "seeds" / "reports")
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project, done


@pytest.fixture(scope="session")
def warehouse(built: tuple[Project, subprocess.CompletedProcess[str]]) -> Path:
    """The published warehouse of the five reports; read only."""
    return built[0].warehouse


@pytest.fixture(scope="session")
def working_file(warehouse: Path) -> Path:
    """The file in which the same was built, with the steps that readers do not get; read only."""
    return load_settings(warehouse=warehouse).working_file


@pytest.fixture(scope="session")
def small_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose dbt project is small: what a refresh does around dbt shows there in a fraction of the time.

    Its one test of severity error fails when a cell says FAIL; a model breaks on a cell that says BREAK, and one that
    says LACK breaks the contract of that model. One that says COSTLY keeps a model busy for an hour.
    """
    root = tmp_path_factory.mktemp("checkout")
    for name in (
        "dagster_project",
        "dbt/macros/relation_names.sql",
        "dbt/macros/per_report.sql",
        "dbt/macros/rules.sql",
        "dbt/macros/text.sql",
        "dbt/tests/generic/rules.sql",
        "dbt/models/sources.yml",
    ):
        _copy(name, root)
    for name in ("dbt/profiles.yml", "dbt/.dbtignore", "pyproject.toml"):
        _copy(name, root)
    settings = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    for layer in settings["models"]["kommunlager"].values():  # what is said about single models that are not there
        for name in [name for name in layer if not name.startswith("+") and name != "int_cells"]:
            layer.pop(name)
    (root / "dbt" / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    _copy("seeds/vocabulary/structure_words.csv", root)
    for path, text in SMALL_DBT_PROJECT.items():
        (root / "dbt" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "dbt" / path).write_text(text, encoding="utf-8")
    return root


def _copy(name: str, root: Path) -> None:
    source, target = ROOT / name, root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


SMALL_DBT_PROJECT = {
    "models/intermediate/int_cells.sql": "select *, 'value' as role from {{ source('raw', 'cell') }}",
    "models/marts/report_values.sql": "{{ config(contract={'enforced': false}) }} select * from {{ ref('int_cells') }}",
    "models/marts/coverage.sql": """
        {{ config(materialized='view', contract={'enforced': false}) }}
        select report_id, 1 as tables, count(*) as cells, count(*) as "values", 0 as rejected
        from {{ ref('report_values') }} group by report_id
    """,
    **{
        f"models/marts/{name}.sql": "{{ config(contract={'enforced': false}) }} select * from {{ ref('int_cells') }}"
        for name in ("fct_indicator_value", "fct_financial", "fct_status")
    },
    "models/marts/cell_roles.sql": "{{ config(contract={'enforced': false}) }} select * from {{ ref('int_cells') }}",
    "models/marts/marts.yml": """
        models:
          - name: report_values
            description: Cells.
            columns: [{name: text, description: As printed.}]
          - name: contracted
            config: {contract: {enforced: true}}
            columns:
              - {name: report_id, data_type: varchar}
              - {name: n, data_type: integer, constraints: [{type: not_null}]}
    """,
    "models/marts/contracted.sql": """
        select report_id, cast(case text when 'BREAK' then 'x' when 'LACK' then null else '1' end as integer) as n
        from {{ ref('int_cells') }}
    """,
    "models/intermediate/int_costs.sql": """
        select report_id, sum(one.range * other.range) as n from {{ ref('int_cells') }}
        inner join range(1000000) as one on text = 'COSTLY' inner join range(1000000) as other on true
        group by report_id
    """,
    "tests/no_cell_says_fail.sql": "select report_id, text from {{ ref('report_values') }} where text = 'FAIL'",
}

REPORT = (
    "Årsrapport 2023\n\nNyckeltal\tUtfall 2022\tUtfall 2023\nAntal ärenden\t5\t{value}\nAntal beslut\t7\t8\n\nSlut.\n"
)
"""A report of one table; ``{value}`` is the text of one cell."""


@pytest.fixture
def small(small_checkout: Path, tmp_path: Path) -> Project:
    """The small project with one report."""
    project = Project(small_checkout, tmp_path)
    project.reports.mkdir()
    (project.reports / "ett.txt").write_text(REPORT.format(value="6"), encoding="utf-8")
    return project


@pytest.fixture
def killed_at_the_end() -> Iterator[Callable[[subprocess.Popen[str]], None]]:
    """Register a process that must not outlive the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes.append
    for process in processes:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


@pytest.fixture(scope="session")
def every_format(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The five reports in every format, and in more renderings as PDF, a folder each, refreshed once."""
    from tests.test_pdf_values import write_renderings
    from tests.typeset_office.every_format import write_every_format

    project = Project(ROOT, tmp_path_factory.mktemp("every_format"))
    write_every_format(project.reports)
    write_renderings(project.reports)
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture(scope="session")
def small_reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Made-up reports of several test modules in one warehouse, refreshed once; each module asks for its own."""
    from tests import test_number_forms, test_odd_text, test_periods_and_bounds, test_proof

    project = Project(ROOT, tmp_path_factory.mktemp("small_reports"))
    project.reports.mkdir()
    for module in (test_number_forms, test_odd_text, test_periods_and_bounds, test_proof):
        module.write_reports(project.reports)
    return project.warehouse, project.run("refresh")


@pytest.fixture(scope="session")
def site(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the five reports."""
    folder = tmp_path_factory.mktemp("web") / "site"
    from dagster_project.site import build_site
    from dagster_project.warehouse.build.transform import manifest_path

    build_site(warehouse, folder, reports=ROOT / "seeds" / "reports", manifest=manifest_path())
    return folder


@pytest.fixture(scope="module")  # while it runs, nothing else of the session can have an event loop
def browser() -> Iterator[Browser]:
    from tests.programs import program

    executable = program("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All corpora in one warehouse, refreshed by the command."""
    project = Project(ROOT, tmp_path_factory.mktemp("corpora"))
    project.reports.mkdir()
    for report in (ROOT / "tests" / "corpora").glob("*/reports/*"):
        shutil.copyfile(report, project.reports / report.name)
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project.warehouse


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket in an object store on this machine; its address. The environment says where it is, as for any client."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()  # which would ask the server of the module before
        fs = s3fs.S3FileSystem(skip_instance_cache=True)
        fs.makedirs("inkorg", exist_ok=True)  # the server forgets nothing between modules
        yield "s3://inkorg/rapporter"
    server.stop()
