"""The limits for one download, shared by all files inside it. Reading stops with a reason when one is exceeded."""

from __future__ import annotations

from dataclasses import dataclass

from worker.extractors.output import Refused


@dataclass(kw_only=True)
class Budget:
    """Sizes are in bytes. ``depth`` counts containers: a file in a zip in a zip has depth 2."""

    most_pages: int = 2000
    most_pixels: int = 40_000_000  # A3 at 300 dpi has 17 million
    most_members: int = 200
    most_depth: int = 3
    most_total: int = 1024**3
    most_ratio: int = 200
    members: int = 0
    total: int = 0

    def enter(self, depth: int) -> None:
        if depth > self.most_depth:
            raise Refused(f"It is nested in more than {self.most_depth} containers, the reader's limit.")

    def member(self, size: int, packed: int) -> None:
        """Count one more file inside a container, before it is unpacked."""
        self.members += 1
        self.total += size
        if self.members > self.most_members:
            raise Refused(f"It contains more than {self.most_members} files, the reader's limit.")
        if self.total > self.most_total:
            raise Refused(f"Unpacked, it takes more than {self.most_total // 1024**2} MB.")
        if size > 1024**2 and size > self.most_ratio * max(packed, 1):
            raise Refused(f"It unpacks to more than {self.most_ratio} times its size, which suggests an attack.")
