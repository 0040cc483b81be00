"""Names of files in an export: company / year / form date SRN. Safe for every system that unpacks them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from jobs.domain.document import Document
from jobs.domain.filings.masking import mask_pan

_LONGEST_FOLDER = 60
_LONGEST_NAME = 100
#: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


def safe(text: str, longest: int, default: str) -> str:
    """A name for one file or folder: without separators, control characters or names that Windows reserves."""
    plain = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C")
    name = " ".join(_FORBIDDEN.sub(" ", mask_pan(plain)).split())[:longest].strip(" .")
    if not name:
        return default
    return f"{name}_" if _RESERVED.fullmatch(name) else name


class Namer:
    """Gives each document of an export a path of its own, also where upper and lower case are the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._folders: dict[str, str] = {}

    def path_of(self, document: Document, filing: Document | None = None) -> str:
        """``filing`` contains an attachment, which has no form, date or SRN of its own."""
        filing = filing or document
        suffix = PurePosixPath(document.filing.file_name).suffix.lower()
        suffix = suffix if _SUFFIX.fullmatch(suffix) else ".bin"
        day = filing.filed_on
        year = str(day.year) if day else "undated"
        words = [filing.form, day.isoformat() if day else "", filing.filing.srn or ""]
        if document.parent is not None or not filing.filing.srn:
            words.append(PurePosixPath(document.filing.file_name).stem)
        name = safe(" ".join(word for word in words if word), _LONGEST_NAME, "document")
        return self._unique(f"{self._folder(document)}/{year}/{name}", suffix)

    def _folder(self, document: Document) -> str:
        """The company's name, with its CIN if another company has the same."""
        if document.cin not in self._folders:
            name = safe(document.company_name, _LONGEST_FOLDER, document.cin)
            taken = {each.casefold() for each in self._folders.values()}
            cin = safe(document.cin, _LONGEST_FOLDER, "company")
            self._folders[document.cin] = f"{name} {cin}" if name.casefold() in taken else name
        return self._folders[document.cin]

    def _unique(self, stem: str, suffix: str) -> str:
        path, number = f"{stem}{suffix}", 1
        while path.casefold() in self._taken:
            number += 1
            path = f"{stem} ({number}){suffix}"
        self._taken.add(path.casefold())
        return path
