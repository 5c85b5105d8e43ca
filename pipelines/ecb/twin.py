"""A twin of the two files: the format of the European Central Bank, rates that the sandbox gives, no rate on a weekend."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n<gesmes:subject>Reference rates</gesmes:subject>\n'
    "<gesmes:Sender>\n<gesmes:name>European Central Bank</gesmes:name>\n</gesmes:Sender>\n<Cube>\n"
)


def app(rates: Callable[[date], Mapping[str, Decimal]], since: date, today: Callable[[], date]) -> Starlette:
    """`rates(day)`: units for one euro by currency."""

    def document(request: Request, first: date) -> Response:
        tag = f'"{today()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        days = [today() - timedelta(days=back) for back in range((today() - max(first, since)).days + 1)]
        cubes = [
            f'<Cube time="{day}">'
            + "".join(f'<Cube currency="{code}" rate="{rate}"/>' for code, rate in rates(day).items())
            + "</Cube>"
            for day in days
            if day.weekday() < 5
        ]
        return Response(
            _HEAD + "\n".join(cubes) + "\n</Cube>\n</gesmes:Envelope>\n", media_type="text/xml", headers={"ETag": tag}
        )

    async def history(request: Request) -> Response:
        return document(request, since)

    async def recent(request: Request) -> Response:
        return document(request, today() - timedelta(days=90))

    return Starlette(routes=[Route("/eurofxref-hist.xml", history), Route("/eurofxref-hist-90d.xml", recent)])
