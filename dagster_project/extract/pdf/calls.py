"""C functions of PDFium with plain integers for pointers.

Belongs here: how the functions are called, where many calls are made a page. Does not belong here: which are called.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

POINTER, INT = ctypes.c_void_p, ctypes.c_int


def prototype(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """The same C function with plain integers for pointers: ctypes converts them four times as fast."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return ctypes.CFUNCTYPE(result, *arguments)(address)


def address_of(handle: Any) -> int:
    """The integer for a handle of PDFium; 0 for none."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0
