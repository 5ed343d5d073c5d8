"""The server behind TLS, as deploy/nginx says: a real nginx, a real certificate, DuckDB's own client."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import requests

from tests.conftest import ROOT
from tests.test_serving import TOKEN, free_port, load_client

CONFIGURATION = ROOT / "deploy" / "nginx" / "kommunlager.conf"

MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/kommunlager.conf;
}}
"""


def program(name: str, *places: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))
    if found is None:
        if os.environ.get("KOMMUNLAGER_TEST_PROGRAMS") == "required":
            raise FileNotFoundError(name)
        pytest.skip(f"{name} is not installed (Debian: apt install {name})")
    return found


def until(condition: str, process: subprocess.Popen[str], ready: Path) -> None:
    end = time.monotonic() + 60
    while not (ready.exists() and condition in ready.read_text(encoding="utf-8")):
        assert process.poll() is None, ready.read_text(encoding="utf-8")
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def proxied(warehouse: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Port of nginx and its certificate; behind it a server with the published warehouse."""
    nginx, openssl = program("nginx", "/usr/sbin"), program("openssl")
    with duckdb.connect() as connection:
        load_client(connection)
    behind, http, front = free_port(), free_port(), free_port()
    certificate, secret = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    extension = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *extension, "-keyout", secret, "-out", certificate], check=True, capture_output=True)
    text = CONFIGURATION.read_text(encoding="utf-8")
    for ours, theirs in (
        ("127.0.0.1:9494", f"127.0.0.1:{behind}"),
        ("127.0.0.1:9495", f"127.0.0.1:{http}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{front} ssl"),
        ("server_name warehouse.example.org", "server_name localhost"),
        ("/etc/ssl/kommunlager", str(tmp_path)),
        ("/var/log/nginx/kommunlager.log", str(tmp_path / "access.log")),
    ):
        assert ours in text
        text = text.replace(ours, theirs)
    (tmp_path / "kommunlager.conf").write_text(text, encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(MAIN.format(folder=tmp_path), encoding="utf-8")
    subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"],
        check=True,
        capture_output=True,
    )
    log = tmp_path / "serve.log"
    with log.open("w", encoding="utf-8") as errors:
        serve = [sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(warehouse)]
        server = subprocess.Popen(
            [*serve, "--port", str(behind), "--http", str(http)],
            env=os.environ | {"KOMMUNLAGER_SERVE_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=errors,
            text=True,
        )
        proxy = subprocess.Popen(
            [nginx, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"],
            stderr=subprocess.DEVNULL,
            text=True,
        )
    try:
        until('"serving over http"', server, log)
        until("", proxy, tmp_path / "nginx.pid")
        yield front, certificate
    finally:
        for process in (proxy, server):
            process.terminate()
            process.wait(30)


def test_a_reader_asks_through_tls(proxied: tuple[int, Path], tmp_path: Path) -> None:
    port, certificate = proxied
    uri = f"quack:localhost:{port}"
    with duckdb.connect() as client:
        load_client(client)
        client.execute("set enable_server_cert_verification = true")
        client.execute(f"set ca_cert_file = '{certificate}'")
        client.execute(f"create secret (type quack, token '{TOKEN}')")
        ask = f"from quack_query('{uri}', $sql$%s$sql$, disable_ssl => false)"
        assert client.execute(ask % "select count(*) from marts.report_values").fetchall() == [(639,)]
        assert len(client.execute(ask % "from range(100000)").fetchall()) == 100_000
        client.execute(f"attach '{uri}' as remote (disable_ssl false)")
        assert client.execute("select count(*) from remote.marts.report_values").fetchall() == [(639,)]
        with pytest.raises(duckdb.Error, match="Refused"):
            client.execute(ask % "from read_text('/etc/hostname')")
    with duckdb.connect() as stranger:
        load_client(stranger)
        stranger.execute(f"set ca_cert_file = '{certificate}'")
        with pytest.raises(duckdb.Error, match="Authentication failed"):
            stranger.execute(
                f"from quack_query('{uri}', 'select 1', token => 'wrong-0123456789', disable_ssl => false)"
            )
    assert TOKEN not in (tmp_path / "access.log").read_text(encoding="utf-8")


def test_figures_are_fetched_through_tls(proxied: tuple[int, Path], tmp_path: Path) -> None:
    port, certificate = proxied
    address = f"https://localhost:{port}/api/figures"
    sent = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(address, params={"limit": 1}, headers=sent, verify=str(certificate), timeout=60)
    assert answer.json()["total"] > 600
    sent["If-None-Match"] = answer.headers["ETag"]
    assert requests.get(address, headers=sent, verify=str(certificate), timeout=60).status_code == 304
    assert requests.get(address, verify=str(certificate), timeout=60).status_code == 401
    assert requests.delete(address, headers=sent, verify=str(certificate), timeout=60).status_code == 403
    assert TOKEN not in (tmp_path / "access.log").read_text(encoding="utf-8")


def test_nothing_but_the_protocol_is_reached(proxied: tuple[int, Path]) -> None:
    port, certificate = proxied
    for method, path, status in (("GET", "/", 404), ("GET", "/quack", 403), ("POST", "/other", 404)):
        answer = requests.request(method, f"https://localhost:{port}{path}", verify=str(certificate), timeout=10)
        assert answer.status_code == status, (method, path)
    answer = requests.post(
        f"https://localhost:{port}/quack", data=b"x" * 2_000_000, verify=str(certificate), timeout=10
    )
    assert answer.status_code == 413
