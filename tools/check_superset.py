"""Import the bundle into a real Apache Superset, ask for every chart's data, and open the dashboard in a real browser.

Belongs here: an environment of its own for Superset (it needs older libraries than this project), its API, Chromium.
Does not belong here: the bundle (``superset_bundle``). Large: 830 MB and a few minutes the first time; kept in
``build/superset``. Needs uv and playwright from the development environment, and Chromium.

    python tools/check_superset.py [--warehouse FILE] [--browser /usr/bin/chromium] [--fresh]
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import requests
from superset_bundle import ROOT, WAREHOUSE, bundle, parts, write

FOLDER = ROOT / "build" / "superset"
SUPERSET = "apache-superset==6.1.0"
# Superset 6.1 with what its own metadata lets in today does not start (flask-caching 2.5); with what there was when it
# was released it does. rich and cachetools it needs and does not declare.
NOT_NEWER = "2026-06-10"
BESIDE = ("duckdb-engine==0.17.0", "rich", "requests", "cachetools")
DUCKDB = f"duckdb=={duckdb.__version__}"

CONFIGURATION = """
import os
SECRET_KEY = os.environ["SUPERSET_SECRET"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.environ["SUPERSET_DATABASE"]
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False  # no TLS on loopback
RATELIMIT_ENABLED = False
"""


class CheckError(Exception):
    """Something is not as it should be; the message says what."""


def tool(name: str) -> Path:
    """A program of the environment that this script runs in."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise CheckError(f"{path} is missing: make setup-dev")
    return path


def environment() -> Path:
    """The environment with Superset, made if need be. Returns its bin folder."""
    venv = FOLDER / "venv"
    done = venv / f".{SUPERSET}-{DUCKDB}"
    if not done.exists():
        print("installing Superset (830 MB, once)", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        uv = str(tool("uv"))
        python = str(venv / "bin" / "python")
        run([uv, "venv", "--quiet", "--python", "3.11", str(venv)])
        # Without our own constraints: Superset needs an older DuckDB until the second step.
        install = [uv, "pip", "install", "--no-config", "--quiet", "--python", python]
        run([*install, "--exclude-newer", NOT_NEWER, SUPERSET, *BESIDE])
        run([*install, DUCKDB])
        done.touch()
    return venv / "bin"


def run(command: list[str], variables: dict[str, str] | None = None) -> None:
    """Run to the end; what it says is shown only when it fails."""
    done = subprocess.run(
        command, env=os.environ | (variables or {}), capture_output=True, text=True, check=False, timeout=1200
    )
    if done.returncode:
        raise CheckError(f"{' '.join(command[:3])} failed:\n{(done.stdout + done.stderr)[-3000:]}")


@contextmanager
def superset(binaries: Path, password: str) -> Iterator[str]:
    """A fresh Superset on loopback with the user admin: its address."""
    config = FOLDER / "superset_config.py"
    config.write_text(CONFIGURATION, encoding="utf-8")
    database = FOLDER / "superset.db"
    empty = FOLDER / "superset-empty.db"
    variables = {
        "SUPERSET_CONFIG_PATH": str(config),
        "SUPERSET_DATABASE": str(database),
        "SUPERSET_SECRET": secrets.token_urlsafe(42),
        "FLASK_APP": "superset",
    }
    command = str(binaries / "superset")
    if not empty.exists():
        print("setting Superset up (half a minute, once)", flush=True)
        database.unlink(missing_ok=True)
        run([command, "db", "upgrade"], variables)
        names = ["--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "admin@example.org"]
        run([command, "fab", "create-admin", *names, "--password", password], variables)
        run([command, "init"], variables)
        database.rename(empty)
    shutil.copyfile(empty, database)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    log = FOLDER / "superset.log"
    with log.open("w", encoding="utf-8") as out:
        gunicorn = [str(binaries / "gunicorn"), "--workers", "1", "--threads", "8", "--timeout", "120"]
        process = subprocess.Popen(
            [*gunicorn, "--bind", address, "superset.app:create_app()"],
            env=os.environ | variables,
            stdout=out,
            stderr=out,
        )
    try:
        until = time.monotonic() + 120
        while True:
            try:
                if requests.get(f"http://{address}/health", timeout=2).ok:
                    break
            except requests.RequestException:
                pass
            if process.poll() is not None or time.monotonic() > until:
                raise CheckError(f"Superset does not start:\n{log.read_text(encoding='utf-8')[-3000:]}")
            time.sleep(0.3)
        yield f"http://{address}"
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:  # a worker that still answers somebody who has gone
            process.kill()
            process.wait()


class Api:
    """Superset's REST API, logged in."""

    def __init__(self, address: str, password: str) -> None:
        self._address = address
        self._session = requests.Session()
        login = {"username": "admin", "password": password, "provider": "db", "refresh": False}
        token = self.call("post", "security/login", json=login)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **more: Any) -> Any:
        """One call; an answer that is no success ends the check."""
        answer = self._session.request(method, f"{self._address}/api/v1/{path}", timeout=120, **more)
        if not answer.ok:
            raise CheckError(f"{method} {path}: {answer.status_code} {answer.text[:1500]}")
        return answer.json()


def import_bundle(api: Api, file: Path) -> None:
    """Twice: the second import replaces the first."""
    for _ in range(2):
        with file.open("rb") as content:
            api.call(
                "post",
                "dashboard/import/",
                files={"formData": (file.name, content, "application/zip")},
                data={"overwrite": "true", "passwords": "{}"},
            )


def check_parts(api: Api) -> None:
    """Everything that the bundle holds is there, under the names of the YAML files."""
    for kind, field, folder, source in (
        ("chart", "slice_name", "charts", "slice_name"),
        ("dataset", "table_name", "datasets", "table_name"),
    ):
        found = sorted(one[field] for one in api.call("get", f"{kind}/?q=(page_size:100)")["result"])
        wanted = sorted(part[source] for part in parts(folder).values())
        if found != wanted:
            raise CheckError(f"{kind}s: {found} instead of {wanted}")
    (database,) = api.call("get", "database/")["result"]
    body = {"database_id": database["id"], "sql": "create table marts.new (a int)", "schema": "marts"}
    try:
        api.call("post", "sqllab/execute/", json=body)
    except CheckError as error:
        if "DML" not in str(error) and "read-only" not in str(error):
            raise
    else:
        raise CheckError("SQL Lab let a CREATE TABLE through")


def check_charts(api: Api, warehouse: Path) -> dict[str, int]:
    """Ask for the data of every chart and compare what can be compared with DuckDB. Returns rows by chart."""
    datasets = {one["table_name"]: one["id"] for one in api.call("get", "dataset/?q=(page_size:100)")["result"]}
    rows = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for name, chart in parts("charts").items():
            params = chart["params"]
            columns = params.get("all_columns") or [
                *([params["x_axis"]] if "x_axis" in params else []),
                *params.get("groupby", []),
                *params.get("groupbyRows", []),
                *params.get("groupbyColumns", []),
            ]
            raw = params.get("query_mode") == "raw"
            conditions = [f"({one['sqlExpression']})" for one in params["adhoc_filters"]]
            query: dict[str, Any] = {
                "columns": columns,
                # Without the key Superset shows rows; with an empty list it groups them.
                **({} if raw else {"metrics": params.get("metrics", [params.get("metric")])}),
                "extras": {"where": " and ".join(conditions)},
                "row_limit": 10000,
                "orderby": [],
                "filters": [],
            }
            body = {
                "datasource": {"id": datasets[chart["dataset"]], "type": "table"},
                "queries": [query],
                "result_format": "json",
                "result_type": "full",
            }
            (result,) = api.call("post", "chart/data", json=body)["result"]
            rows[name] = result["rowcount"]
            where = f"where {' and '.join(conditions)}" if conditions else ""
            if raw:
                wanted = connection.execute(f"select count(*) from marts.{chart['dataset']} {where}").fetchone()
                if wanted != (result["rowcount"],):
                    raise CheckError(f"{name}: {result['rowcount']} rows instead of {wanted}")
            elif "value" in query.get("metrics", []):
                sql = f"select sum(value_numeric) from marts.{chart['dataset']} {where}"
                total = connection.execute(sql).fetchone()
                shown = sum(row["value"] for row in result["data"] if row["value"] is not None)
                if total is None or abs((total[0] or 0) - shown) > 1e-6 * max(1.0, abs(shown)):
                    raise CheckError(
                        f"{name}: the values add up to {shown} instead of {total}: not grouped by its grain"
                    )
    empty = [name for name, count in rows.items() if count == 0]
    if empty:
        raise CheckError(f"charts without data: {empty}")
    return rows


def look(address: str, password: str, browser: str) -> Path:
    """Open the dashboard, wait for every chart, take a picture.

    Raises:
        CheckError: a chart shows an error, or its data did not come.
    """
    from playwright.sync_api import Response, sync_playwright

    picture = FOLDER / "dashboard.png"
    answers: list[tuple[int, str]] = []

    def note(response: Response) -> None:
        if "/api/v1/chart/data" in response.url:
            answers.append((response.status, response.url))

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1500, "height": 3200})
        page.on("response", note)
        page.goto(f"{address}/login/")
        page.fill("input#username, input[name=username]", "admin")
        page.fill("input#password, input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "login" not in url, timeout=60_000)
        page.goto(f"{address}/superset/dashboard/kommunlager/?standalone=0", wait_until="domcontentloaded")
        wanted = len(parts("charts"))
        page.wait_for_function(
            "wanted => document.querySelectorAll('.chart-container, [data-test=\"chart-container\"]').length >= wanted",
            arg=wanted,
            timeout=90_000,
        )
        page.wait_for_function(
            "() => document.querySelectorAll('[data-test=\"loading-indicator\"], .loading').length === 0",
            timeout=120_000,
        )
        page.wait_for_timeout(1500)  # bars grow
        page.screenshot(path=picture, full_page=True)
        shown = page.inner_text("body")
        errors = page.locator(".ant-alert-error, [data-test='error-alert']").all_inner_texts()
        chromium.close()
    if errors:
        raise CheckError(f"the dashboard shows errors: {errors[:3]}")
    bad = [answer for answer in answers if answer[0] >= 400]
    if bad or len(answers) < wanted:
        raise CheckError(f"{len(answers)} charts asked for their data, {len(bad)} in vain: {bad[:3]}")
    missing = [chart["slice_name"] for chart in parts("charts").values() if chart["slice_name"] not in shown]
    if missing:
        raise CheckError(f"not on the page: {missing}")
    return picture


def main() -> None:
    """Check; ends with code 1 and the reason when something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--warehouse", type=Path, default=WAREHOUSE)
    parser.add_argument("--browser", default=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    parser.add_argument("--fresh", action="store_true", help="install Superset again")
    arguments = parser.parse_args()
    if arguments.fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    secret = FOLDER / "password"  # of a Superset that is reached from this machine only, and only during the check
    if not secret.exists():
        secret.touch(0o600)
        secret.write_text(secrets.token_urlsafe(12), encoding="utf-8")
        (FOLDER / "superset-empty.db").unlink(missing_ok=True)
    password = secret.read_text(encoding="utf-8")
    try:
        file = FOLDER / "kommunlager-superset.zip"
        write(bundle(arguments.warehouse, str(arguments.warehouse.absolute())), file)
        with superset(environment(), password) as address:
            api = Api(address, password)
            import_bundle(api, file)
            check_parts(api)
            rows = check_charts(api, arguments.warehouse)
            print("chart data ", json.dumps(rows))
            picture = look(address, password, arguments.browser)
    except (CheckError, LookupError) as error:
        print(f"check failed: {error}", file=sys.stderr)
        sys.exit(1)
    print(f"dashboard   {picture}")
    print("Superset imports the bundle, every chart has its data, and the dashboard opens.")


if __name__ == "__main__":
    main()
