"""The door of the opening workbook: `genba template put` comes in here while a server runs."""

from typing import Annotated

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, QueryParameter, RawBody

from sync import template_book, template_reader
from sync.doors import FILE_BYTES_MAX, FileUpload
from sync.http import Now, TheBook, TheToken
from sync.template_book import Unapplied, WorkbookReport
from wms.messages import Language


@post(
    "/workbook",
    opt={"scope": "admin"},
    status_code=200,
    summary="Open a site with one workbook",
    request_max_body_size=FILE_BYTES_MAX,
    operation_class=FileUpload,
    responses={
        422: ResponseSpec(WorkbookReport, description="Nothing was written: see its faults")
    },
)
async def post_workbook(
    body: RawBody,
    book: TheBook,
    token: TheToken,
    language: NamedDependency[Language],
    now: Now,
    name: Annotated[str, QueryParameter(max_length=200)] = "",
    dry_run: FromQuery[bool] = False,
) -> Response[WorkbookReport]:
    """Owners, shops, services, boxes, places, items and stock, as XLSX: all of it, or nothing."""
    filled = await book.read(lambda _: template_reader.read(body, name))  # off the event loop
    try:
        report = await book.write(
            template_book.bring_in, filled, dry_run=dry_run, language=language,
            actor=token.actor, device="api", now=now,
        )  # fmt: skip
    except Unapplied as done:
        report = done.report
    return Response(report, status_code=422 if report.fault_count else 200)


def routes() -> Router:
    """The handler."""
    return Router("/v1", route_handlers=[post_workbook])
