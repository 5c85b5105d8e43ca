"""connections.toml: every problem at once, each by table and key; secrets only ever by reference."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from pipelines import __main__ as cli
from pipelines import connections, systems
from pipelines.connections import Connection, Secret, Settings
from pipelines.system import Check, NotConfigured, System


class ShopSettings(Settings):
    url: str
    api_key: Secret
    account: str | None = None

    def tenant(self) -> str | None:
        return self.account


@pytest.fixture(autouse=True)
def _shop(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System("shop", "erp", ShopSettings, (), lambda c, x: None, lambda c: Check(c.name, "active"))
    monkeypatch.setattr(connections, "systems", lambda: {"shop": system, "bank": system})


def write(folder: Path, text: str) -> Path:
    file = folder / "connections.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_connection_is_its_table_with_secrets_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, '[shop.corner]\nurl = "http://x"\napi_key = "${CORNER_KEY}"\n')
    corner = connections.load(file).get("shop.corner")
    assert "s3cret" not in repr(corner)
    with pytest.raises(NotConfigured, match="CORNER_KEY"):
        corner.settings.api_key.get_secret_value()
    monkeypatch.setenv("CORNER_KEY", "s3cret")
    assert corner.settings.api_key.get_secret_value() == "s3cret"
    assert "api_key" not in corner.public_settings()


def test_a_dotenv_beside_the_file_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, '[shop.corner]\nurl = "x"\napi_key = "${DOTENV_TEST_KEY}"\n')
    (tmp_path / ".env").write_text("DOTENV_TEST_KEY=from_file\n", "utf-8")
    monkeypatch.setenv("DOTENV_TEST_KEY", "from_environment")
    assert connections.load(file).get("corner").settings.api_key.get_secret_value() == "from_environment"
    monkeypatch.delenv("DOTENV_TEST_KEY")
    assert connections.load(file).get("corner").settings.api_key.get_secret_value() == "from_file"
    monkeypatch.delenv("DOTENV_TEST_KEY", raising=False)


def test_two_accounts_do_not_share_a_secret(tmp_path: Path) -> None:
    def shops(one: str, two: str) -> Path:
        keys = 'url = "x"\napi_key = "${KEY}"'
        return write(tmp_path, f"[shop.a]\n{keys}\n{one}\n[shop.b]\n{keys}\n{two}\n")

    assert connections.load(shops("", ""))
    assert connections.load(shops('account = "1"', 'account = "1"'))
    with pytest.raises(NotConfigured, match=r"shop.b\] api_key: \$\{KEY\} is a credential of a, .*\(1, not 1_SB1\)"):
        connections.load(shops('account = "1"', 'account = "1_SB1"'))


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    text = """
    [shop.corner]
    url = "x"
    api_key = "sk_live_123"
    [shop.two]
    api_key = "${K}"
    colour = "red"
    time_zone = "Mars/Base"
    [bank.corner]
    url = "x"
    api_key = "${K}"
    [florist.x]
    """
    with pytest.raises(NotConfigured) as raised:
        connections.load(write(tmp_path, text))
    words = str(raised.value)
    for part in (
        "[shop.corner] api_key",
        "[shop.two] url",
        "[shop.two] colour",
        "[shop.two] time_zone",
        "[florist]: no such system",
    ):
        assert part in words
    assert "sk_live_123" not in words


def test_names_are_unique_across_systems(tmp_path: Path) -> None:
    table = 'url = "x"\napi_key = "${K}"\n'
    with pytest.raises(NotConfigured, match="'corner' is used twice"):
        connections.load(write(tmp_path, f"[shop.corner]\n{table}[bank.corner]\n{table}"))


def test_a_provider_s_money_belongs_in_one_set_of_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Books(Settings):
        providers: tuple[str, ...]

        def reconciles(self) -> tuple[str, ...]:
            return self.providers

        def tells_of_payments(self) -> bool:
            return not self.providers

    system = System("shop", "erp", Books, (), lambda c, x: None, lambda c: Check(c.name, "active"))
    monkeypatch.setattr(connections, "systems", lambda: {"shop": system})
    text = '[shop.a]\nproviders = ["b", "nobody"]\n[shop.b]\nproviders = []\n[shop.c]\nproviders = ["b", "a"]\n'
    with pytest.raises(NotConfigured, match="'nobody', and there is no such connection") as raised:
        connections.load(write(tmp_path, text))
    assert "'b' is already reconciled with 'a'" in str(raised.value)
    assert "[shop.c]: reconciles 'a', which tells of no payments" in str(raised.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"connections\.example\.toml"):
        connections.load(tmp_path / "none.toml")


def test_files_are_found_beside_the_connections_file(tmp_path: Path) -> None:
    class WithFile(Settings):
        private_key_file: str

    problems: list[str] = []
    system = System("shop", "erp", WithFile, (), lambda c, x: None, lambda c: Check(c.name, "active"))
    made: list[Connection] = connections._connection(
        system, "corner", {"private_key_file": "key.pem"}, tmp_path, problems
    )
    assert made[0].settings.private_key_file == str(tmp_path / "key.pem")


def test_the_example_is_valid_and_names_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = Path(__file__).resolve().parents[2]
    example = connections.load(root / "connections.example.toml")
    text = (root / "connections.example.toml").read_text("utf-8")
    variables = {line.partition("=")[0].strip("# ") for line in (root / ".env.example").read_text("utf-8").splitlines()}
    for item in example:
        for name, value in item.settings:
            assert name in text or name == "private_key", f"{item.system}: {name}"
            if isinstance(value, Secret):
                assert value.variable in variables


def test_a_company_that_is_read_whole_has_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copied section that still names the first one's company would take its stored login, and count it twice."""
    monkeypatch.setattr(connections, "systems", systems)
    table = (
        '[quickbooks.{0}]\nrealm_id = "{1}"\nclient_id = "${{A}}"\nclient_secret = "${{B}}"\nrefresh_token = "${{C}}"\n'
    )
    own = write(tmp_path, table.format("uk", "9130") + table.format("us", "9131"))
    assert [item.name for item in connections.load(own)] == ["uk", "us"]
    same = write(tmp_path, table.format("uk", "9130") + table.format("us", "91 30"))
    with pytest.raises(NotConfigured, match=r"1 problem.*\n.*\[quickbooks.us\]: 9130 is read by 'uk' already"):
        connections.load(same)


def test_a_missing_secret_names_its_connection_and_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDS_A_KEY", raising=False)
    tables = (f'[shop.cards_{name}]\nurl = "u"\napi_key = "${{CARDS_{name.upper()}_KEY}}"\n' for name in "ab")
    loaded = connections.load(write(tmp_path, "".join(tables)))
    with pytest.raises(NotConfigured, match=r"^cards_a: api_key: The environment variable CARDS_A_KEY is not set"):
        loaded.get("cards_a").settings.api_key.get_secret_value()
    with pytest.raises(NotConfigured, match=r"^cards_b: api_key: "):
        loaded.get("cards_b").settings.api_key.get_secret_value()


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (NotConfigured("a: no key. Remedy: set it."), "a: no key.", "set it"),
        (NotConfigured("a: no key."), "a: no key.", "correct what the message names"),
    ],
)
def test_check_gives_the_remedy_that_the_error_says(
    error: Exception, message: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_connection: Connection) -> Check:
        raise error

    file = write(tmp_path, '[shop.cards]\nurl = "u"\napi_key = "${CARDS_KEY}"\n')
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(file))
    shop = replace(connections.systems()["shop"], check=refuse)
    monkeypatch.setattr(connections, "systems", lambda: {"shop": shop})
    monkeypatch.setattr(cli, "console", Console(width=200))
    done = CliRunner().invoke(cli.main, ["check"])
    assert done.exit_code == 1
    assert f"- {message}\n    Remedy: {remedy}\n" in done.output


def test_only_what_can_be_asked_is_realtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, '[shop.main]\nurl = "u"\napi_key = "${K}"\nsync_every = "realtime"\n')
    with pytest.raises(NotConfigured, match=r"1 problem.*\n.*\[shop.main\] sync_every: shop cannot be asked"):
        connections.load(file)
    asked = replace(connections.systems()["shop"], arrivals=lambda _connection: "1")
    monkeypatch.setattr(connections, "systems", lambda: {"shop": asked})
    assert connections.load(file).get("main").settings.sync_every == "realtime"


NETSUITE = '[netsuite.a]\naccount_id = "1"\nclient_id = "${A}"\ncertificate_id = "${B}"\nprivate_key = "${C}"\n'
QUICKBOOKS = '[quickbooks.b]\nrealm_id = "1"\nclient_id = "${A}"\nclient_secret = "${B}"\nrefresh_token = "${C}"\n'


@pytest.mark.parametrize(
    ("books", "level", "fields"),
    [
        (NETSUITE, "invoice", ("total", "currency", "entity", "account", "status", "apply", "tranId", "externalId", "exchangeRate", "Memo")),
        (NETSUITE, "invoice", ("custentity_x", "custbody_X", "custbody_x.y", "custcol_x", "subsidiary", "terms", "item", "postingPeriod")),
        (NETSUITE, "customer", ("currency", "entityId", "externalId", "parent", "creditLimit", "custbody_x", "isInactive")),
        (NETSUITE, "payment", ("memo", "payment", "customer", "checkNumber", "undepFunds", "externalId")),  # known by its memo
        (QUICKBOOKS, "invoice", ("TotalAmt", "Line", "CustomerRef", "DocNumber", "LinkedTxn", "Balance", "Id", "SyncToken", "sparse")),
        (QUICKBOOKS, "payment", ("PrivateNote", "PaymentRefNum", "TotalAmt", "DepositToAccountRef.value", "Line")),  # our key stands there
        (QUICKBOOKS, "customer", ("DisplayName", "CurrencyRef.value", "ParentRef.value", "Active", "Balance")),
    ],
)  # fmt: skip
def test_a_rule_can_never_be_let_write_money_party_links_or_our_key(
    books: str, level: str, fields: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for field in fields:
        table = books.partition("]")[0]
        file = write(tmp_path, f'{books}{table}.update_fields]\n{level} = ["{field}"]\n')
        with pytest.raises(NotConfigured) as raised:
            connections.load(file)
        told = str(raised.value)
        assert f"update_fields: {level}: a rule may never write {field}: " in told
        assert f"{table}]" in told
        assert "Remedy: take it out; what may be named is " in told


def test_what_rules_may_write_is_nothing_unless_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    fields = '[netsuite.a.update_fields]\ninvoice = ["memo", "custbody_note"]\ncustomer = ["custentity12"]\n'
    loaded = connections.load(write(tmp_path, f"{QUICKBOOKS}\n{NETSUITE}\n{fields}"))
    assert loaded.get("b").settings.update_fields == {}
    assert loaded.get("b").settings.writeback.record_update == "off"
    assert loaded.get("a").public_settings()["update_fields"] == {
        "invoice": ["memo", "custbody_note"], "customer": ["custentity12"],
    }  # fmt: skip
    with pytest.raises(NotConfigured, match=r"\[netsuite.a\] update_fields.deposit"):
        connections.load(write(tmp_path, f'{NETSUITE}[netsuite.a.update_fields]\ndeposit = ["memo"]\n'))
    reference = 'charge_reference_field = "custbody_ref"\ntransaction_fields = ["custbody_ref"]\n'
    with pytest.raises(NotConfigured, match=r"\[netsuite.a\].*'custbody_ref', charge_reference_field"):
        connections.load(
            write(tmp_path, f'{NETSUITE}{reference}[netsuite.a.update_fields]\npayment = ["custbody_ref"]\n')
        )
