"""What stands in the files that set the project up: locks without addresses, versions that fit together."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")

LINE = re.compile(
    r"#.*"
    r"|[a-z0-9][a-z0-9-]*(?:\[[a-z,]+\])?==[0-9][0-9a-z.+!]*(?: ; [a-z_]+[^:/]*)? \\"
    r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
)


def pinned(lock: str) -> dict[str, set[str]]:
    """Names to versions (two where versions of Python differ)."""
    found: dict[str, set[str]] = {}
    for name, number in re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(number)
    return found


@pytest.mark.parametrize(
    "lock", [*LOCKS, *(f"tests/readers/{path.name}" for path in (ROOT / "tests/readers").iterdir())]
)
def test_a_lock_holds_names_versions_and_hashes_and_no_address(lock: str) -> None:
    for number, line in enumerate((ROOT / lock).read_text().splitlines(), start=1):
        assert LINE.fullmatch(line), f"{lock}:{number}: {line}"
        assert "//" not in line, f"{lock}:{number}: {line}"


def test_the_locks_agree() -> None:
    whole = pinned("requirements-dev.lock")
    assert pinned("requirements.lock").keys() <= whole.keys()
    for lock in LOCKS:
        for name, versions in pinned(lock).items():
            assert whole.get(name, versions) == versions, f"{lock}: {name}"


def test_the_locks_satisfy_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {
        "requirements.lock": [*project["project"]["dependencies"], *project["dependency-groups"]["build"]],
        "requirements-dev.lock": project["dependency-groups"]["dev"],
        "requirements-bench.lock": project["dependency-groups"]["bench"],
    }
    for lock, requirements in asked.items():
        locked = pinned(lock)
        for requirement in map(Requirement, requirements):
            for number in locked[canonicalize_name(requirement.name)]:
                assert requirement.specifier.contains(number), f"{lock}: {requirement}, {number}"


def test_what_runs_here_is_what_the_lock_says() -> None:
    locked = pinned("requirements-dev.lock")
    for distribution in distributions():
        name = canonicalize_name(distribution.name)
        if name in locked:
            assert distribution.version in locked[name], name


def test_dagster_and_its_dbt_library_move_together() -> None:
    locked = pinned("requirements.lock")
    (dagster,), (library,) = locked["dagster"], locked["dagster-dbt"]
    assert dagster.split(".")[2] == library.split(".")[2]
    assert int(dagster.split(".")[1]) + 16 == int(library.split(".")[1])


def test_the_forge_calls_what_a_developer_calls() -> None:
    """Workflow, templates and hooks are YAML that parses, and what they call is there."""
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]
    parsed = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    (job,) = parsed["ci.yml"]["jobs"].values()
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in parsed[".pre-commit-config.yaml"]["repos"][0]["hooks"]:
        program = re.search(r"\.venv/bin/(\w+)", hook["entry"])
        assert program
        assert f"$(BIN)/{program[1]}" in makefile, "linted as make lint does"


@pytest.mark.slow
def test_the_wheel_alone_makes_a_warehouse(tmp_path: Path) -> None:
    """Without the checkout, in an empty folder; only the libraries are those of this environment."""
    place, installed, checkout = tmp_path / "place", tmp_path / "installed", tmp_path / "checkout"
    (place / "reports").mkdir(parents=True)
    shutil.copy(ROOT / "seeds" / "reports" / "gavle-socialnamnden-verksamhetsplan-2021-2024.txt", place / "reports")
    for name in ("dagster_project", "dbt", "seeds", "tools"):
        passed_over = shutil.ignore_patterns("target", "logs", "reports" if name == "seeds" else "", "__pycache__")
        shutil.copytree(ROOT / name, checkout / name, ignore=passed_over)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, checkout)
    for command in (["wheel", "--wheel-dir", str(tmp_path), str(checkout)], ["install", "--target", str(installed)]):
        wheel = [str(path) for path in tmp_path.glob("*.whl")]
        options = ["-q", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation"]
        subprocess.run([sys.executable, "-m", "pip", command[0], *options, *command[1:], *wheel], check=True)
    shutil.rmtree(checkout)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_"))}
    environment = kept | {"PYTHONPATH": str(installed), "HOME": str(tmp_path / "home")}
    for arguments in (["refresh"], ["query", "select count(*) as n from report_values", "--format", "csv"], ["site"]):
        done = subprocess.run(
            [sys.executable, "-m", "dagster_project.cli", *arguments],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
        if arguments[0] == "query":
            assert done.stdout.split() == ["n", "29"]
    assert {path.name for path in place.iterdir()} == {"reports", "warehouse", "site"}
    assert not list(installed.rglob("target")), "what was installed is as it was"
