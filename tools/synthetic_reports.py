"""Reports by the thousand: the same make-up as real ones, other municipalities and figures each.

Belongs here: text of reports for measurements of size. Does not belong here: reports whose figures anybody checks.

    python tools/synthetic_reports.py FOLDER NUMBER
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMITTEES = ("Socialnämnden", "Utbildningsnämnden", "Kultur- och fritidsnämnden", "Tekniska nämnden", "Miljönämnden")
INDICATORS = (
    *("Antal ärenden", "Antal beslut", "Antal inskrivna barn", "Antal besök", "Andel nöjda brukare, %"),
    *("Sjukfrånvaro, %", "Antal platser i särskilt boende", "Väntetid i snitt, antal dagar", "Antal årsarbetare"),
)
LINES = (
    *("Kommunbidrag", "Statsbidrag", "Avgifter", "Övriga intäkter", "Summa intäkter"),
    *("Personalkostnader", "Lokalkostnader", "Köp av verksamhet", "Övriga kostnader", "Summa kostnader", "Resultat"),
)
GOALS = ("God kvalitet", "Ekonomi i balans", "Attraktiv arbetsgivare", "Hållbar utveckling")


def report(number: int) -> tuple[str, str]:
    """File name and text of report ``number``: some 25 rows in three tables, some prose."""
    chance = random.Random(number)
    with (ROOT / "seeds" / "reference" / "municipalities.csv").open(encoding="utf-8", newline="") as handle:
        names = [row["municipality_name"] for row in csv.DictReader(handle) if row["municipality_code"] != "none"]
    name, committee, year = names[number % len(names)], COMMITTEES[number // len(names) % 5], 2015 + number // 1450

    def figure() -> str:
        return str(chance.randrange(10, 999))

    lines = [f"Årsrapport {year} {committee} {name} kommun", "", "1 Sammanfattning", ""]
    lines += [f"Nämnden redovisar verksamheten under {year}. " * 8, "", "2 Nyckeltal", ""]
    lines += [f"Nyckeltal\tUtfall {year - 1}\tMål {year}\tUtfall {year}"]
    lines += [f"{indicator}\t{figure()}\t{figure()}\t{figure()}" for indicator in INDICATORS]
    lines += ["", "3 Ekonomi", "", f"Tkr\tBokslut {year - 1}\tBudget {year}\tBokslut {year}\tAvvikelse"]
    for line in LINES:
        budget, outcome = chance.randrange(100, 99_999), chance.randrange(100, 99_999)
        lines.append(f"{line}\t{figure()}\t{budget}\t{outcome}\t{outcome - budget}")
    lines += ["", "4 Måluppfyllelse", "", "Mål\tBedömning"]
    lines += [f"{goal}\t{chance.choice(('Uppnått', 'Delvis uppnått', 'Ej uppnått'))}" for goal in GOALS]
    lines += ["", "5 Framåtblick", "", "Arbetet fortsätter. " * 20, ""]
    return f"{number:05}.txt", "\n".join(lines)


def write_reports(folder: Path, numbers: range) -> None:
    """Write the reports ``numbers`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        name, text = report(number)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_reports(Path(sys.argv[1]), range(int(sys.argv[2])))
