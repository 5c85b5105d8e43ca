"""The `tieout` command. Every command says what it did; a refusal names the thing and the remedy, and exits with 1."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import connections, systems
from pipelines.home import Home
from pipelines.system import Check, TieoutError

console = Console()


class Refusing(click.Group):
    """A group whose commands end a TieoutError as one clear message instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TieoutError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Refusing)
@click.version_option(package_name="tieout")
def main() -> None:
    """Tieout: an accounts-receivable warehouse that ties out, and writes back exactly once."""


@main.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Test each connection (or NAME) and say Active or exactly what is wrong. Syncs nothing."""
    loaded = connections.load()
    chosen = [loaded.get(name)] if name else list(loaded)
    checks = [_check(item) for item in chosen]
    for outcome in checks:
        facts = ", ".join(f"{key} {value}" for key, value in outcome.facts.items())
        console.print(
            f"[bold]{outcome.connection}[/]: {'[green]Active[/]' if outcome.active else f'[red]{outcome.state}[/]'} {facts}"
        )
        for problem in outcome.problems:
            console.print(f"  - {problem.message}\n    Remedy: {problem.remedy}", markup=False)
    if not all(outcome.active for outcome in checks):
        raise SystemExit(1)


def _check(item: connections.Connection) -> Check:
    from pipelines.system import Problem

    try:
        return item.declared.check(item)
    except TieoutError as error:
        return Check(item.name, "not configured", (Problem.of("error", error, "correct what the message names"),))


@main.command()
@click.argument("name")
@click.option("--code", help="What stands behind code= in the address where the browser ends.")
def connect(name: str, code: str | None) -> None:
    """Connect NAME by its owner's consent (OAuth): print the address to open; then, with --code, keep what was granted."""
    item = connections.load().get(name)
    if item.declared.connect is None:
        raise TieoutError(
            f"{item.name}: {item.system} is connected by its settings alone. Remedy: docs/systems/{item.system}.md."
        )
    click.echo(item.declared.connect(item, code))


@main.command()
@click.option("--seed", default=7, show_default=True)
@click.option("--customers", default=200, show_default=True)
@click.option("--months", default=18, show_default=True)
@click.option("--port", default=8740, show_default=True, help="HTTP port of the twins; 0 picks a free one.")
@click.option("--sftp-port", default=8722, show_default=True, help="SFTP port; 0 picks a free one.")
@click.option("--connections-out", type=click.Path(path_type=Path), default=Path("connections.toml"), show_default=True)
def sandbox(seed: int, customers: int, months: int, port: int, sftp_port: int, connections_out: Path) -> None:
    """Start the twins of every system over one fictional company; write the connections file and `.env` that lead to them."""
    from pipelines.sandbox.server import run

    run(seed=seed, customers=customers, months=months, port=port, sftp_port=sftp_port, connections_out=connections_out)


@main.command()
@click.argument("name", required=False)
@click.option("--full", is_flag=True, help="Read everything again; what is already known adds nothing.")
def sync(name: str | None, full: bool) -> None:
    """Read every connection (or NAME) into the raw tables, without Dagster."""
    from pipelines.outbox import Outbox
    from pipelines.sync import sync as sync_one

    home, loaded = Home.current(), connections.load()
    outbox = Outbox(home.outbox_url)
    failed = []
    for item in [loaded.get(name)] if name else list(loaded):
        try:
            report = sync_one(item, home, full=full, confirmations=outbox.confirmations())
        except TieoutError as error:
            failed.append(item.name)
            console.print(f"[red]{item.name}[/]: {error}")
            continue
        console.print(
            f"{item.name}: {report.rows:,} new versions, {report.quarantined} quarantined, {report.extract_seconds + report.load_seconds:.1f} s"
        )
        for note in report.notes:
            console.print(f"  {note}", markup=False)
    if failed:
        raise TieoutError(f"Not read: {', '.join(failed)}. The others were.")


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--full", is_flag=True, help="Read everything again; what is already known adds nothing.")
@click.option("--rounds", default=4, show_default=True, help="Repeat while something was written, at most this often.")
@click.option(
    "--apply/--no-apply", default=True, show_default=True, help="Deliver planned writes, or stop at the plan."
)
def run(names: tuple[str, ...], full: bool, rounds: int, apply: bool) -> None:
    """The whole job through Dagster: read, transform, publish, plan, write back, and read again until nothing is left to write.

    With NAMEs only these connections are read; the rest of the job is the same.
    """
    loaded = connections.load()
    only = [part for name in names for part in ("--connection", loaded.get(name).name)]
    arguments = ["--rounds", str(rounds), *(["--full"] if full else []), *([] if apply else ["--no-apply"])]
    raise SystemExit(_dagster("everything", *arguments, *only))


def _dagster(job: str, *arguments: str) -> int:
    """Run a job in a process of its own: Dagster is not known here."""
    return subprocess.run([sys.executable, "-m", "schedules.run", job, *arguments], check=False).returncode


@main.command()
def plan() -> None:
    """Print exactly what would be written, and its effect on balances. Sends nothing."""
    from pipelines.outbox import Outbox
    from pipelines.writeback import show_plan

    home = Home.current()
    click.echo(show_plan(home, Outbox(home.outbox_url), connections.load(), width=console.width))


@main.command()
def apply() -> None:
    """Deliver the intents that wait (through Dagster), then read the affected connections again."""
    raise SystemExit(_dagster("writeback"))


@main.command()
@click.argument("connection")
@click.argument("subject")
@click.option("--by", default="command line", show_default=True, help="Who confirms.")
def confirm(connection: str, subject: str, by: str) -> None:
    """Confirm what a brake holds, e.g. `report:open_ar.csv` or `deletes:books_us`; the next sync carries it out."""
    from pipelines.outbox import Outbox

    name = connections.load().get(connection).name
    Outbox(Home.current().outbox_url).confirm(name, subject, by)
    console.print(f"Confirmed {subject} of {name}; the next sync carries it out.", markup=False)


@main.group()
def contact() -> None:
    """Contacts that an ERP does not know: no sync touches them."""


@contact.command("add")
@click.argument("connection")
@click.argument("customer_id")
@click.option("--name")
@click.option("--email")
@click.option("--phone")
@click.option("--phone-type", type=click.Choice(["primary", "mobile"]), default="primary", show_default=True)
def contact_add(
    connection: str, customer_id: str, name: str | None, email: str | None, phone: str | None, phone_type: str
) -> None:
    """Add somebody to write to or call; prints the contact's id."""
    from pipelines.outbox import Outbox

    known = connections.load().get(connection).name
    kept = Outbox(Home.current().outbox_url)
    click.echo(kept.add_contact(known, customer_id, name=name, email=email, phone=phone, phone_type=phone_type))


@contact.command("remove")
@click.argument("connection")
@click.argument("contact_id")
def contact_remove(connection: str, contact_id: str) -> None:
    """Take out a contact that was added by hand."""
    from pipelines.outbox import Outbox

    Outbox(Home.current().outbox_url).remove_contact(connections.load().get(connection).name, contact_id)
    console.print(f"{contact_id} is no contact of {connection} any more.", markup=False)


@main.group()
def outbox() -> None:
    """Intents: what was, is being and will be written."""


# As in pipelines.outbox, which is not imported before it is needed.
STATES = ("planned", "sending", "posted", "rejected", "unknown", "void")
KINDS = ("payment", "reversal", "deposit", "record_update")


@outbox.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--connection")
@click.option("--kind", type=click.Choice(KINDS))
def outbox_list(state: str | None, connection: str | None, kind: str | None) -> None:
    """One line an intent."""
    from pipelines.outbox import Outbox, render_intents

    rows = Outbox(Home.current().outbox_url).list(state=state, connection=connection, kind=kind)
    click.echo(render_intents(rows, width=console.width))


@outbox.command("show")
@click.argument("key")
def outbox_show(key: str) -> None:
    """Everything about one intent: its payload and each try."""
    from pipelines.outbox import Outbox, render_show

    home = Home.current()
    click.echo(render_show(Outbox(home.outbox_url).show(key), width=console.width))
    if url := _source_url(home, key):
        click.echo(f"source_url  {url}")


def _source_url(home: Home, key: str) -> str | None:
    """Where the record of an intent opens, as the published warehouse says; None before it knows."""
    from duckdb import BinderException, CatalogException

    from pipelines.publish import NotPublished, open_published

    try:
        with open_published(home) as published:
            found = published.execute("select source_url from ops.intents where intent_key = ?", [key]).fetchone()
    except (NotPublished, BinderException, CatalogException):  # none yet, or one of an earlier version
        return None
    return str(found[0]) if found and found[0] else None


@outbox.command("retry")
@click.argument("key")
def outbox_retry(key: str) -> None:
    """Send a rejected or unknown intent again; the next delivery begins with a look at the ERP."""
    from pipelines.outbox import Outbox

    Outbox(Home.current().outbox_url).retry(key)
    console.print(f"{key} is planned again.", markup=False)


@outbox.command("void")
@click.argument("key")
@click.option("--reason", required=True)
@click.option("--again", is_flag=True, help="Give the key back, so that the next plan may name the write anew.")
def outbox_void(key: str, reason: str, again: bool) -> None:
    """Give up an intent that was not posted."""
    from pipelines.outbox import Outbox

    kept = Outbox(Home.current().outbox_url).void(key, reason, again=again)
    told = f"{key} is free for the next plan; what it was is void and kept as {kept.key}."
    console.print(told if again else f"{key} is void.", markup=False, soft_wrap=True)


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def query(sql: str, form: str) -> None:
    """Ask the published warehouse: tieout query "select * from aging.ar_aging limit 5"."""
    from pipelines.publish import query as ask

    frame = ask(Home.current(), sql)
    if form == "csv":
        click.echo(frame.write_csv(), nl=False)
    elif form == "json":
        click.echo(json.dumps(frame.to_dicts(), default=str, indent=1))
    else:
        table = Table(box=box.MARKDOWN)
        for name in frame.columns:
            table.add_column(name, overflow="fold")  # a key cut short is no key
        for row in frame.iter_rows():
            table.add_row(*("" if value is None else escape(str(value)) for value in row))
        wide = console if console.is_terminal else Console(width=sum(map(len, frame.columns)) + 100 * frame.width)
        wide.print(table)


@main.command("log")
@click.argument("name", required=False)
@click.option("--last", default=20, show_default=True, help="Entries of each connection, the newest first.")
@click.option("--json", "raw", is_flag=True, help="One entry a line, as it was written.")
def show_log(name: str | None, last: int, raw: bool) -> None:
    """What each sync and delivery (of NAME) did: calls, rows, rejections, retries and errors."""
    from pipelines import journal

    home, loaded = Home.current(), connections.load()
    for item in [loaded.get(name)] if name else list(loaded):
        entries = list(islice(journal.newest(home, item.name), last))
        click.echo(
            "".join(json.dumps(entry) + "\n" for entry in entries) if raw else journal.render(item.name, entries),
            nl=False,
        )


@main.command("systems")
def list_systems() -> None:
    """The systems Tieout knows, and the connections configured for each."""
    try:
        loaded = connections.load()
    except TieoutError as error:
        console.print(str(error), markup=False)
        loaded = None
    for name, system in systems().items():
        console.print(
            f"{name}: {', '.join(item.name for item in loaded.of(name)) if loaded else ''} (writes: {', '.join(system.write_kinds) or 'nothing'})"
        )


if __name__ == "__main__":
    main()
