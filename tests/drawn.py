"""Tables that are drawn as pictures, with figures that are known, and made worse as scanners and copies make them.

Belongs here: drawing and spoiling. Does not belong here: reading, and what is expected of it.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FOLDER = "/usr/share/fonts/truetype"
FONTS = {
    "carlito": f"{FOLDER}/crosextra/Carlito-Regular.ttf",
    "sans": f"{FOLDER}/liberation/LiberationSans-Regular.ttf",
    "serif": f"{FOLDER}/liberation/LiberationSerif-Regular.ttf",
    "mono": f"{FOLDER}/liberation/LiberationMono-Regular.ttf",
    "dejavu": f"{FOLDER}/dejavu/DejaVuSans.ttf",
}
LABELS = (
    *("Förskola", "Grundskola", "Gymnasieskola", "Fritidshem", "Vuxenutbildning", "Äldreomsorg", "Hemtjänst"),
    *("Individ- och familjeomsorg", "Kultur och fritid", "Bibliotek", "Gator och vägar", "Parker", "Räddningstjänst"),
    *("Miljö och hälsa", "Administration", "Färdtjänst", "Kostenheten", "Lokalvård", "Personalkostnader"),
)
PAGE = (8.27, 11.69)
"""Width and height in inches."""


@dataclass(frozen=True)
class Drawn:
    """A page with one table: what stands on it, and its resolution."""

    picture: Image.Image
    dpi: int
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Label, and figures as printed."""

    @property
    def figures(self) -> dict[tuple[str, str], str]:
        """Label and header to the figure as printed."""
        return {
            (label, header): text
            for label, texts in self.rows
            for header, text in zip(self.header[1:], texts, strict=True)
        }

    def pdf(self) -> bytes:
        """The page as a scanner stores it: a PDF that is one picture."""
        buffer = io.BytesIO()
        self.picture.save(buffer, "PDF", resolution=self.dpi)
        return buffer.getvalue()


def draw(chance: random.Random, *, dpi: int | None = None, has_sums: bool = True) -> Drawn:
    """A page with a heading and a table: budget, outcome and variance, or years; rules, stripes or nothing between."""
    dpi = dpi or chance.choice((100, 150, 200, 250, 300))
    name = chance.choice(sorted(FONTS))
    points = chance.choice((8, 9, 10, 11))
    font, title = (ImageFont.truetype(FONTS[name], round(size * dpi / 72)) for size in (points, 15))
    style = chance.choice(("grid", "rules", "none", "stripes"))
    header, values = _values(chance, has_sums=has_sums)
    decimals = chance.choice((0, 0, 1))
    minus, gap = chance.choice("-−"), chance.choice((" ", "\N{NO-BREAK SPACE}"))
    rows = tuple((label, tuple(_printed(v, decimals, minus, gap) for v in row)) for label, row in values)
    picture = Image.new("L", (round(PAGE[0] * dpi), round(PAGE[1] * dpi)), 255)
    pen = ImageDraw.Draw(picture)
    pen.text((0.6 * dpi, 0.6 * dpi), "Ekonomiskt utfall", font=title, fill=0)
    pitch, left, top = round(points * 1.75 * dpi / 72), round(0.6 * dpi), round(1.2 * dpi)
    first = round(2.6 * dpi)
    width = (picture.width - 2 * left - first) // (len(header) - 1)
    right = left + first + width * (len(header) - 1)
    thick = max(1, round(dpi / 150))
    for number, (label, texts) in enumerate([(header[0], header[1:]), *rows]):
        y = top + number * pitch
        if style == "stripes" and number % 2:
            pen.rectangle((left, y, right, y + pitch), fill=225)
        if style in ("grid", "rules"):
            pen.line((left, y, right, y), fill=0, width=thick)
        at = y + round(0.2 * pitch)
        pen.text((left + 4, at), label, font=font, fill=0)
        for column, text in enumerate(texts, start=1):
            end = left + first + width * column - 0.06 * dpi
            pen.text((end - pen.textlength(text, font=font), at), text, font=font, fill=0)
    bottom = top + (len(rows) + 1) * pitch
    if style in ("grid", "rules"):
        pen.line((left, bottom, right, bottom), fill=0, width=thick)
    if style == "grid":
        for x in (left, *(left + first + width * column for column in range(len(header)))):
            pen.line((x, top, x, bottom), fill=0, width=thick)
    return Drawn(picture, dpi, header, rows)


def _values(chance: random.Random, *, has_sums: bool) -> tuple[tuple[str, ...], list[tuple[str, list[int]]]]:
    """Header, and labels with numbers in tenths."""
    most = chance.choice((9_000, 90_000, 990_000, 9_900_000))
    labels = chance.sample(LABELS, chance.randint(5, 14))

    def one() -> int:
        return chance.randint(-most // 5 if chance.random() < 0.3 else 10, most) // 10 * 10

    if chance.random() < 0.5:
        header: tuple[str, ...] = ("Verksamhet", "Budget 2025", "Utfall 2025", "Avvikelse")
        pairs = [(label, [one(), one()]) for label in labels]
        rows = [(label, [*pair, pair[0] - pair[1]]) for label, pair in pairs]
    else:
        header = ("Verksamhet", *(str(2021 + index) for index in range(chance.randint(3, 5))))
        rows = [(label, [one() for _ in header[1:]]) for label in labels]
    if has_sums:
        rows.append(("Summa", [sum(column) for column in zip(*(row for _, row in rows), strict=True)]))
    return header, rows


def _printed(tenths: int, decimals: int, minus: str, gap: str) -> str:
    whole = str(abs(tenths) // 10) if decimals == 0 else str(abs(tenths) // 100)
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1]
    tail = "" if decimals == 0 else f",{abs(tenths) // 10 % 10}"
    return (minus if tenths < 0 else "") + gap.join(groups) + tail


def spoiled(chance: random.Random, drawn: Drawn, level: float) -> Drawn:
    """The page as a scanner gives it; see :func:`spoiled_picture`."""
    return replace(drawn, picture=spoiled_picture(chance, drawn.picture, drawn.dpi, level))


def spoiled_picture(chance: random.Random, picture: Image.Image, dpi: int, level: float) -> Image.Image:
    """A picture in grey as a scanner gives it: aslant, blurred, noisy, pale, stored as JPEG; ``level`` from 0 to 1."""
    noise = np.random.default_rng(chance.randrange(2**31))
    picture = picture.rotate(
        chance.uniform(-1.5, 1.5) * level, resample=Image.Resampling.BICUBIC, fillcolor=255
    ).filter(ImageFilter.GaussianBlur(chance.uniform(0.2, 1.0) * level * dpi / 200))
    tones = np.asarray(picture, dtype=np.float64)
    tones = tones + noise.normal(0, chance.uniform(2, 28) * level, tones.shape)
    tones = 255 - (255 - tones) * chance.uniform(0.65, 1) - chance.uniform(0, 20) * level
    buffer = io.BytesIO()
    Image.fromarray(np.clip(tones, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=round(92 - 55 * level))
    return Image.open(io.BytesIO(buffer.getvalue())).convert("L")
