"""AcroForm fields, with their full names, types, choices and states."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from worker.extractors.pdf_text import Frame

_KINDS = {
    pdfium.FPDF_FORMFIELD_PUSHBUTTON: "button",
    pdfium.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    pdfium.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    pdfium.FPDF_FORMFIELD_COMBOBOX: "choice",
    pdfium.FPDF_FORMFIELD_LISTBOX: "choice",
    pdfium.FPDF_FORMFIELD_TEXTFIELD: "text",
    pdfium.FPDF_FORMFIELD_SIGNATURE: "signature",
}
_MOST_OPTIONS = 2000
_BUFFER = (ctypes.c_ushort * 1024)()  # one call is enough for almost all texts; pdfium is used by one thread alone
_BUFFER_BYTES = memoryview(_BUFFER).cast("B")
_SIZE = len(_BUFFER_BYTES)


@contextmanager
def form_of(document: Any) -> Iterator[Any]:
    """The document's form environment; its scripts and actions never run."""
    info = pdfium.FPDF_FORMFILLINFO(version=2)
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, info)
    try:
        yield form
    finally:
        if form:
            pdfium.FPDFDOC_ExitFormFillEnvironment(form)


def widgets(form: Any, page: Any, number: int, frame: Frame) -> list[dict[str, Any]]:
    """The fields whose widgets are on the page. A group of radio buttons yields only the selected one."""
    found: dict[str, dict[str, Any]] = {}
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET:
                _keep(found, _field(form, annotation, number, frame))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return list(found.values())


def _keep(found: dict[str, dict[str, Any]], field: dict[str, Any]) -> None:
    known = found.get(field["path"])
    if field["kind"] != "button" and (known is None or (field["kind"] == "radio" and field["value"])):
        found[field["path"]] = field


def _field(form: Any, annotation: Any, number: int, frame: Frame) -> dict[str, Any]:
    path = _string(pdfium.FPDFAnnot_GetFormFieldName, form, annotation)
    kind = _KINDS.get(pdfium.FPDFAnnot_GetFormFieldType(form, annotation), "other")
    if kind in ("checkbox", "radio"):
        checked = pdfium.FPDFAnnot_IsChecked(form, annotation)
        stated = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation) if checked else ""
        value = shown = stated or ("Yes" if checked else "")
    else:
        value = shown = _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
        if kind == "choice":
            shown = ", ".join(_selected(form, annotation)) or value
    return {
        "path": path,
        "name": path.rpartition(".")[2],
        "caption": _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation),
        "kind": kind,
        "method": "acroform",
        "value": value,
        "shown": shown,
        "hidden": bool(pdfium.FPDFAnnot_GetFlags(annotation) & (pdfium.FPDF_ANNOT_FLAG_HIDDEN)),
        "page": number,
        "box": _box(annotation, frame),
    }


def _box(annotation: Any, frame: Frame) -> tuple[float, float, float, float] | None:
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, rect):
        return None
    return frame.box(rect.left, rect.bottom, rect.right, rect.top)


def _selected(form: Any, annotation: Any) -> Iterator[str]:
    for index in range(min(pdfium.FPDFAnnot_GetOptionCount(form, annotation), _MOST_OPTIONS)):
        if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, index):
            yield utf16(partial(pdfium.FPDFAnnot_GetOptionLabel, form, annotation, index))


def _string(function: Callable[..., int], form: Any, annotation: Any) -> str:
    """Like ``utf16``; several of these per field are most of the time that fields take."""
    size = function(form, annotation, _BUFFER, _SIZE)
    return _decoded(size) if size <= _SIZE else utf16(partial(function, form, annotation))


def utf16(fill: Callable[[Any, int], int]) -> str:
    """The text from a pdfium function that returns the size in bytes, and fills the buffer if it is large enough."""
    size = fill(_BUFFER, _SIZE)
    if size <= _SIZE:
        return _decoded(size)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    fill(buffer, size)
    return _decoded(size, memoryview(buffer).cast("B"))


def _decoded(size: int, buffer: memoryview = _BUFFER_BYTES) -> str:
    """The text in the buffer; ``size`` includes the zero at its end."""
    if size <= 2:
        return ""
    text = str(buffer[: size - 2], "utf-16-le", "ignore")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
