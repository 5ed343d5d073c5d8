"""Telling somebody that a refresh failed, died or left reports out: a webhook, an e-mail, or both.

Belongs here: what is sent and how. Does not belong here: when (``refresh``, ``defs``). Telling never raises: that
it failed is logged, and the refresh has failed anyhow.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from dagster_project.settings import Settings
from dagster_project.warehouse.state.health import severity_of_failure

SECONDS: Final = 10.0

MOST_NAMED: Final = 20
"""Reports that a message names."""


def notify(
    settings: Settings, facts: Mapping[str, Any], event: str = "refresh.failed", severity: str | None = None
) -> list[str]:
    """Send ``facts`` to whoever the settings name; returns what could not be sent and why.

    Args:
        settings: who is told, and by which way.
        facts: the line of the refresh; what is of use to a person is sent.
        event: ``refresh.failed``, ``refresh.died``, ``refresh.refused``, ``reports.set_aside``,
            ``reports.held_back`` or ``reports.stale``.
        severity: ``critical``, ``error`` or ``warning``; that of a failed refresh if not given.
    """
    problems = []
    sent = ("run", "started_at", "finished_at", "error", "seconds", "set_aside", "why_held_back", "held_back", "stale")
    message = {
        "event": event,
        "severity": severity or severity_of_failure(settings),
        "host": socket.gethostname(),
        "warehouse": str(settings.warehouse),
        **{key: _short(facts[key]) for key in sent if facts.get(key)},
    }
    if settings.webhook:
        import requests

        try:
            requests.post(settings.webhook, json=message, timeout=SECONDS).raise_for_status()
        except (requests.RequestException, ValueError) as error:
            problems.append(f"the webhook could not be called: {_without_address(str(error), settings.webhook)}")
    if settings.mail_to:
        try:
            _send_mail(settings, message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            problems.append(f"the e-mail could not be sent: {error}")
    return problems


def _short(value: Any) -> Any:
    """A list of thousands of reports is nothing that a person reads, and more than some receivers take."""
    if isinstance(value, list) and len(value) > MOST_NAMED:
        return [*value[:MOST_NAMED], f"and {len(value) - MOST_NAMED} more"]
    return value


def _without_address(text: str, address: str) -> str:
    """Addresses of webhooks are secrets as a rule."""
    return text.replace(address, "(webhook)").replace(urlsplit(address).path or "(webhook)", "(webhook)")


def _send_mail(settings: Settings, facts: Mapping[str, Any]) -> None:
    server = urlsplit(settings.smtp)
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise ValueError("KOMMUNLAGER_SMTP must be smtp://[user:password@]host[:port] or smtps://…")
    mail = EmailMessage()
    what = str(facts["event"]).replace(".", " ").replace("_", " ")
    mail["Subject"] = f"kommunlager: {facts['severity']}: {what} on {facts['host']}"
    if facts["severity"] == "critical":
        mail["Importance"] = "high"
    mail["From"] = settings.mail_from or f"kommunlager@{facts['host']}"
    mail["To"] = settings.mail_to
    mail.set_content("\n".join(f"{key}: {value}" for key, value in facts.items()))
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    with kind(server.hostname, server.port or (465 if server.scheme == "smtps" else 25), timeout=SECONDS) as smtp:
        smtp.ehlo()
        if server.scheme == "smtp" and smtp.has_extn("starttls"):
            smtp.starttls()
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(mail)
