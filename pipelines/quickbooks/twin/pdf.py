"""A sales form as a PDF of one page: small, valid, the same bytes for the same document."""

from __future__ import annotations

from .model import Txn
from .rows import Company

_TITLES = {
    "Invoice": "Invoice",
    "CreditMemo": "Credit memo",
    "RefundReceipt": "Refund receipt",
    "Payment": "Payment receipt",
}
PRINTABLE = tuple(_TITLES)


def page(company: Company, txn: Txn) -> bytes:
    """The PDF."""
    customer = company.store.name("Customer", txn.customer)
    lines = [
        company.name,
        f"{_TITLES[txn.type]} {txn.number or txn.id}",
        f"Date {txn.date.isoformat()}",
        customer.label if customer else "",
    ]
    if txn.due:
        lines.append(f"Due {txn.due.isoformat()}")
    lines += [f"{line.memo or ''}  {line.amount:.2f}" for line in txn.lines[:30]]
    lines.append(f"Total {txn.currency} {txn.total:.2f}")
    shown = " T* ".join(f"({_escaped(line)}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 16 TL 72 760 Td {shown} ET".encode("latin-1", "replace")
    return _file([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ])  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
