"""A file's text -> rows of cells, cut by delimiter or by column widths; and which of the rows are no items."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipelines.sftp.profile import Layout


@dataclass(frozen=True)
class Row:
    """A row that is not blank. `number` is its line in the file; `unfinished`: the file ends with it, and without a line end."""

    number: int
    cells: Sequence[str]
    unfinished: bool = False


def rows(text: str, layout: Layout) -> Iterator[Row]:
    """Every row below the skipped lines, the header line among them. Raises csv.Error where the file ends inside a row."""
    lines = io.StringIO(text, newline="")
    for _ in range(layout.skip_rows):
        lines.readline()
    ended = text.endswith(("\n", "\r"))
    for number, found in _by_widths(lines, layout.widths) if layout.widths else _by_delimiter(lines, layout):
        cells = [cell.strip() for cell in found]
        unfinished = not ended and lines.tell() == len(text)
        if layout.widths and not unfinished:  # whoever writes columns of blanks may leave the last ones out
            cells += [""] * (len(layout.widths) - len(cells))
        if any(cells):
            yield Row(number + layout.skip_rows, cells, unfinished)


def _by_delimiter(lines: io.StringIO, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote, strict=True)
    start = 1
    for cells in reader:
        yield start, cells
        start = reader.line_num + 1


def _by_widths(lines: io.StringIO, widths: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """The columns that the line reaches, and what stands beyond the last one as one cell more."""
    ends = list(accumulate(widths))
    for number, line in enumerate(lines, 1):
        whole = line.rstrip("\r\n")
        cells = [whole[end - width : end] for end, width in zip(ends, widths, strict=True) if end - width < len(whole)]
        beyond = whole[ends[-1] :]
        yield number, [*cells, beyond] if beyond.strip() else cells


def is_ignored(row: Row, header: Sequence[str], layout: Layout) -> bool:
    """Whether `ignore_rows` says that a row is no item. A missing cell is an empty one; but where the file may have been cut, the cells
    that are missing, and the one that the cut went through, say nothing."""
    if not layout.ignore_rows:
        return False
    cells = list(row.cells)
    if not row.unfinished:
        cells += [""] * (len(header) - len(cells))
    elif len(cells) < len(header) or not cells[-1]:
        cells.pop()
    named = dict(zip(header, cells, strict=False))
    return any(title in named and re.fullmatch(rule, named[title]) for title, rule in layout.ignore_rows.items())
