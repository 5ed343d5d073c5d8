"""The engines that read pictures of print, both in this process: a reader's child may start no program.

Belongs here: starting them, and what they say of a picture. Does not belong here: what becomes of it (``pictures``) and
whether it is believed (``vouching``).

RapidOCR reads, for it is right far more often; Tesseract reads once more, for it errs in other places
(docs/decisions/ocr-engines.md). Neither asks the network: the models of the first come in its wheel, the
language of the second in a package of the system.
"""

from __future__ import annotations

import functools
import logging
import math
import os
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dagster_project.extract.ocr import ENVIRONMENT, LANGUAGE, language_folder

SECOND_DPI: Final = 220
"""Resolution at which Tesseract errs least on small print."""


LINE_MARGIN: Final = 0.7
"""Paper around a line that is read by itself, as a share of its height: less than there is between two lines."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some print on one line: its corners from the top left one clockwise (pixels), text and confidence (0 to 1)."""

    corners: tuple[tuple[float, float], ...]
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the second reading: left, top, right, bottom (pixels), text."""

    box: tuple[float, float, float, float]
    text: str


class Engines:
    """Both engines, started; they last as long as the process."""

    def __init__(self) -> None:
        """Start both: some three seconds, and 400 MB."""
        os.environ.update(ENVIRONMENT)
        import cv2
        import tesserocr  # type: ignore[import-untyped] # as its stubs are known by name, settings do not help
        from rapidocr import RapidOCR

        cv2.setNumThreads(1)
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        self._first: Any = RapidOCR(
            params={
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Turned print is not looked for: figures that are upside down are read as others.
                "Global.use_cls": False,
                "Global.log_level": "critical",
            }
        )
        self._second: Any = tesserocr.PyTessBaseAPI(
            path=language_folder(), lang=LANGUAGE, psm=tesserocr.PSM.SPARSE_TEXT
        )
        # tesserocr sends what Tesseract has to say to /dev/null: a child may not open it, and would crash.
        self._second.SetVariable("debug_file", "")

    def read(self, tones: np.ndarray) -> list[Piece]:
        """What the first engine reads; ``tones`` is a picture in shades of grey (rows, columns; uint8)."""
        said = self._first(np.repeat(tones[:, :, None], 3, axis=2))
        if said.boxes is None or said.txts is None:
            return []
        return [
            Piece(tuple((float(x), float(y)) for x, y in corners), text, float(confidence))
            for corners, text, confidence in zip(said.boxes, said.txts, said.scores, strict=True)
            if text.strip()
        ]

    def read_line(self, tones: np.ndarray, dpi: float, box: tuple[float, float, float, float]) -> list[Token]:
        """What the second engine reads in a place that is one line of print (pixels)."""
        import tesserocr

        x0, y0, x1, y1 = box
        around = LINE_MARGIN * (y1 - y0)
        left, top = max(0, round(x0 - around)), max(0, round(y0 - around))
        part = tones[top : round(y1 + around), left : round(x1 + around)]
        self._second.SetPageSegMode(tesserocr.PSM.SINGLE_LINE)
        try:
            found = self.read_again(part, dpi)
        finally:
            self._second.SetPageSegMode(tesserocr.PSM.SPARSE_TEXT)
        return [
            Token((one.box[0] + left, one.box[1] + top, one.box[2] + left, one.box[3] + top), one.text) for one in found
        ]

    def read_again(self, tones: np.ndarray, dpi: float) -> list[Token]:
        """What the second engine reads, at a resolution of its own; ``dpi`` is that of ``tones``."""
        import tesserocr
        from PIL import Image

        picture = Image.fromarray(tones)
        factor = SECOND_DPI / dpi
        if not math.isclose(factor, 1.0, abs_tol=0.05):
            size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        else:
            factor = 1.0
        self._second.SetImage(picture)
        self._second.SetSourceResolution(round(dpi * factor))
        self._second.Recognize()
        words = self._second.GetIterator()
        found = []
        for word in () if words is None else tesserocr.iterate_level(words, tesserocr.RIL.WORD):
            try:
                text = word.GetUTF8Text(tesserocr.RIL.WORD)
            except RuntimeError:
                continue  # there is none
            x0, y0, x1, y1 = (edge / factor for edge in word.BoundingBox(tesserocr.RIL.WORD))
            found.append(Token((x0, y0, x1, y1), text))
        self._second.Clear()
        return found


@functools.cache
def engines() -> Engines:
    """The engines of this process."""
    return Engines()
