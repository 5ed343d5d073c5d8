"""Tables that are drawn as pictures, with figures that are known, and made worse as scanners and copies make them.

Belongs here: drawing and spoiling. Does not belong here: reading, and what is expected of it.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

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
OTHER_FONTS = (
    *FONTS.values(),
    f"{FOLDER}/liberation/LiberationSansNarrow-Regular.ttf",
    f"{FOLDER}/liberation/LiberationSans-Bold.ttf",
    f"{FOLDER}/dejavu/DejaVuSerif.ttf",
    f"{FOLDER}/dejavu/DejaVuSansMono.ttf",
)
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


# --- tables of all sorts ----------------------------------------------------------------------------------------------


def draw_any(chance: random.Random) -> Drawn:
    """A page with a table of any looks: wide gaps between thousands and narrow ones between columns, figures at the
    edge of their cells, columns of shares, repeated digits, empty cells, dark headers, rules through or beside it.
    """
    dpi = chance.choice((100, 120, 150, 200, 240, 300))
    em = chance.choice((7.5, 8, 9, 10, 11, 12)) * dpi / 72
    font = ImageFont.truetype(chance.choice(OTHER_FONTS), round(em))
    gap = em * chance.choice((0.15, 0.2, 0.25, 0.3, 0.4, 0.55))
    minus = chance.choice("-−–")
    columns = _any_columns(chance)
    labels = chance.sample(LABELS, chance.randint(4, 15))
    texts = [[_any_figure(chance, *column, minus) for column in columns] for _ in labels]
    header = ("Verksamhet", *chance.sample(HEADERS, len(columns)))
    widths = [
        max(_width(font, text, gap) for text in (head, *(row[at] for row in texts)))
        for at, head in enumerate(header[1:])
    ]
    between = em * chance.choice((0.5, 0.8, 1.2, 2, 3))
    left, top, pitch = 0.7 * dpi, 1.5 * dpi, em * chance.choice((1.25, 1.5, 1.9, 2.4))
    first = max(_width(font, label, gap) for label in labels) + between
    edges = [left, left + first]
    for width in widths:
        edges.append(edges[-1] + width + between)
    size = max(round(PAGE[0] * dpi), round(edges[-1] + 0.7 * dpi)), round(PAGE[1] * dpi)
    picture = Image.new("L", size, chance.choice((255, 255, 245, 232)))
    pen = ImageDraw.Draw(picture)
    pen.text((left, 0.7 * dpi), "Utfall och budget", font=font.font_variant(size=round(1.6 * em)), fill=0)
    style = chance.choice(("grid", "rules", "down", "none", "stripes", "dark header"))
    rows = [header, *((label, *row) for label, row in zip(labels, texts, strict=True))]
    _any_rules(pen, style, edges, [top + pitch * at for at in range(len(rows) + 1)], max(1, round(dpi / 120)))
    where = chance.choice(("right", "right", "right", "middle"))
    for at, row in enumerate(rows):
        tone = 255 if style == "dark header" and at == 0 else chance.choice((0, 0, 0, 60))
        y = top + pitch * at + (pitch - 1.1 * em) / 2
        _spaced(pen, (left + 0.15 * em, y), row[0], font, gap, tone)
        for column, text in enumerate(row[1:], start=1):
            free = edges[column + 1] - edges[column] - _width(font, text, gap)
            _spaced(
                pen,
                (edges[column] + (free / 2 if where == "middle" else free - 0.2 * between), y),
                text,
                font,
                gap,
                tone,
            )
    return Drawn(picture, dpi, header, tuple((row[0], row[1:]) for row in rows[1:]))


HEADERS = (
    *(f"Utfall {year}" for year in range(2018, 2024)),
    "Budget 2024",
    "Prognos 2024",
    "Avvikelse",
    "2017",
    "2025",
)


def _any_columns(chance: random.Random) -> list[tuple[int, int, str]]:
    """Digits, decimals and unit of each column."""
    digits = chance.choice((2, 3, 4, 5, 6, 7, 8))
    decimals = chance.choice((0, 0, 0, 1, 2))
    columns = [(digits, decimals, "") for _ in range(chance.randint(2, 5))]
    if chance.random() < 0.3:
        columns[-1] = (2, 1, chance.choice(("", " %", "%")))
    return columns


def _any_figure(chance: random.Random, digits: int, decimals: int, unit: str, minus: str) -> str:
    if chance.random() < 0.04:
        return ""
    length = chance.choice((digits, digits, digits - 1, chance.randint(1, digits)))
    texts = "123456789", "0123456789"
    if chance.random() < 0.15:
        texts = chance.choice((("1", "1"), ("1", "10"), ("3", "38"), ("17", "17"), ("5", "0"), ("8", "8")))
    number = chance.choice(texts[0]) + "".join(chance.choice(texts[1]) for _ in range(max(0, length - 1)))
    groups = [number[max(0, end - 3) : end] for end in range(len(number), 0, -3)][::-1]
    tail = "," + "".join(chance.choice("0123456789") for _ in range(decimals)) if decimals else ""
    return (minus if chance.random() < 0.2 else "") + " ".join(groups) + tail + unit


def _width(font: ImageFont.FreeTypeFont, text: str, gap: float) -> float:
    words = text.split(" ")
    return sum(font.getlength(word) for word in words) + gap * (len(words) - 1)


def _spaced(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    font: ImageFont.FreeTypeFont,
    gap: float,
    tone: int,
) -> None:
    """Print a text with spaces of a given width."""
    x, y = at
    for word in text.split(" "):
        pen.text((x, y), word, font=font, fill=tone)
        x += font.getlength(word) + gap


def _any_rules(
    pen: ImageDraw.ImageDraw, style: str, across: Sequence[float], down: Sequence[float], thick: int
) -> None:
    left, right, top, bottom = across[0], across[-1], down[0], down[-1]
    if style == "dark header":
        pen.rectangle((left, top, right, down[1]), fill=60)
    if style == "stripes":
        for y, end in list(pairwise(down))[1::2]:
            pen.rectangle((left, y, right, end), fill=222)
    if style in ("grid", "rules"):
        for y in down:
            pen.line((left, y, right, y), fill=0, width=thick)
    if style in ("grid", "down"):
        for x in across:
            pen.line((x, top, x, bottom), fill=0, width=thick)


def spoiled_otherwise(chance: random.Random, drawn: Drawn) -> Drawn:
    """The page as a copier or a fax gives it: thinner or fatter, in black and white, unevenly lit, specked, shrunk."""
    picture = drawn.picture
    for _ in range(chance.randint(1, 2)):
        picture = chance.choice((_fatter, _in_two_tones, _unevenly_lit, _specked, _shrunk, _streaked))(chance, picture)
    return spoiled(chance, replace(drawn, picture=picture), chance.uniform(0, 0.6))


def _fatter(chance: random.Random, picture: Image.Image) -> Image.Image:
    spread = ImageFilter.MinFilter(3) if chance.random() < 0.5 else ImageFilter.MaxFilter(3)
    return Image.blend(picture, picture.filter(spread), chance.uniform(0.2, 0.6))


def _in_two_tones(chance: random.Random, picture: Image.Image) -> Image.Image:
    limit = chance.randint(90, 190)
    return picture.filter(ImageFilter.GaussianBlur(0.6)).point(lambda tone: 255 if tone > limit else 0)


def _unevenly_lit(chance: random.Random, picture: Image.Image) -> Image.Image:
    light = np.linspace(chance.uniform(0.6, 1), chance.uniform(0.6, 1), picture.width)
    return Image.fromarray((np.asarray(picture) * light).astype(np.uint8))


def _specked(chance: random.Random, picture: Image.Image) -> Image.Image:
    tones = np.array(picture)
    random_numbers = np.random.default_rng(chance.randrange(2**31))
    share = chance.uniform(0.0002, 0.003)
    tones[random_numbers.random(tones.shape) < share] = 0
    tones[random_numbers.random(tones.shape) < share] = 255
    return Image.fromarray(tones)


def _shrunk(chance: random.Random, picture: Image.Image) -> Image.Image:
    factor = chance.uniform(0.6, 0.95)
    small = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BILINEAR)
    return small.resize(picture.size, Image.Resampling.BICUBIC)


def _streaked(chance: random.Random, picture: Image.Image) -> Image.Image:
    """Lines down the page, as dust on the glass of a feeder leaves them."""
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    for _ in range(chance.randint(1, 4)):
        x = chance.uniform(0.1, 0.9) * picture.width
        pen.line((x, 0, x, picture.height), fill=chance.choice((0, 90, 150, 255)), width=chance.choice((1, 1, 2)))
    return picture


# --- scanners ---------------------------------------------------------------------------------------------------------


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
