"""The sensors: level-triggered, one run for one state of things, and none of them stopped by another's trouble."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from definitions import defs
from pipelines import connections, journal, systems, writeback
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.netsuite import watch as netsuite_watch
from pipelines.outbox import Outbox
from pipelines.sftp import watch as sftp_watch
from pipelines.stripe import watch as stripe_watch
from pipelines.system import Transient
from schedules import watch
from schedules.jobs import sync_config
from schedules.sensors import SENSORS, arrivals, failed_run, outbox_waiting, written_back
from tests.orchestration.kit import FILE, begin, config_of, configure
from tests.unit.outbox_kit import row


def ask(sensor: dg.SensorDefinition, cursor: str | None = None, instance: dg.DagsterInstance | None = None) -> Any:
    """What the sensor answers, and the cursor it leaves."""
    with dg.build_sensor_context(
        instance=instance or dg.DagsterInstance.ephemeral(), cursor=cursor, definitions=defs
    ) as context:
        return sensor(context), context.cursor


def outbox_with(*rows: dict[str, Any]) -> Outbox:
    outbox = Outbox(Home.current().outbox_url)
    outbox.plan(list(rows), run_id="r", brakes=writeback.brakes(connections.load()), connections=["books_us"])
    return outbox


def test_there_is_a_sensor_for_each_thing_that_happens() -> None:
    assert [sensor.name for sensor in SENSORS] == ["outbox_waiting", "arrivals", "written_back", "failed_run"]
    assert all(sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in SENSORS)
    assert {sensor.name: sensor.job_name for sensor in SENSORS[:3]} == {
        "outbox_waiting": "writeback",
        "arrivals": "refresh",
        "written_back": "refresh",
    }


@pytest.mark.parametrize("sensor", [outbox_waiting, arrivals], ids=lambda sensor: sensor.name)
def test_without_connections_a_sensor_says_so(
    sensor: dg.SensorDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    answer, _ = ask(sensor)
    assert "none.toml" in str(answer.skip_message)


class TestOutboxWaiting:
    @pytest.fixture(autouse=True)
    def _home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configure(tmp_path, monkeypatch)

    def test_an_empty_outbox_starts_nothing(self) -> None:
        assert isinstance(ask(outbox_waiting)[0], dg.SkipReason)

    def test_it_never_opens_the_warehouse(self) -> None:
        ask(outbox_waiting)
        assert not Home.current().warehouse.exists()

    def test_what_waits_starts_one_delivery(self) -> None:
        outbox_with(row("ch_1"), row("ch_2"))
        first, again = ask(outbox_waiting)[0], ask(outbox_waiting)[0]
        assert first.tags["waiting"] == "2"
        assert first.run_key
        assert again.run_key == first.run_key, "the same state of the outbox is the same run"

    def test_another_plan_starts_another(self) -> None:
        outbox_with(row("ch_1"))
        first = ask(outbox_waiting)[0]
        outbox_with(row("ch_1"), row("ch_2"))
        assert ask(outbox_waiting)[0].run_key != first.run_key

    def test_a_kind_that_is_not_applied_waits_for_nobody(self) -> None:
        outbox_with(row("po_1", kind="deposit", intent_key="tieout_deposit_po_1"))
        assert isinstance(ask(outbox_waiting)[0], dg.SkipReason)

    @pytest.mark.parametrize("job", ["writeback", "everything"])
    def test_it_waits_for_a_delivery_on_its_way(self, job: str) -> None:
        outbox_with(row("ch_1"))
        with dg.DagsterInstance.ephemeral() as instance:
            begin(instance, job)
            assert "on its way" in str(ask(outbox_waiting, instance=instance)[0].skip_message)
        with dg.DagsterInstance.ephemeral() as instance:
            begin(instance, "refresh")
            assert isinstance(ask(outbox_waiting, instance=instance)[0], dg.RunRequest)


class TestArrivals:
    @pytest.fixture(autouse=True)
    def _drops(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configure(tmp_path, monkeypatch, {"drop_a": "realtime", "drop_b": "realtime", "drop_c": "30m"})
        self.lies: dict[str, str] = {"drop_a": "1", "drop_b": "1"}
        self.clock = datetime(2026, 11, 20, 12, tzinfo=UTC)
        self.cursor: str | None = None
        self.instance = dg.DagsterInstance.ephemeral()
        monkeypatch.setattr(watch, "now", lambda: self.clock)

        def look(connection: Connection) -> str:
            if self.lies[connection.name] == "down":
                raise Transient(f"{connection.name} does not answer.")
            return self.lies[connection.name]

        monkeypatch.setitem(systems(), "sftp", replace(systems()["sftp"], arrivals=look))

    def tick(self, seconds: int = 30) -> list[str]:
        """The next tick: the connections it asks for. Each tick is half a minute after the one before."""
        self.clock += timedelta(seconds=seconds)
        self.answer, self.cursor = ask(arrivals, self.cursor, self.instance)
        return list(config_of(self.answer)["connections"]) if isinstance(self.answer, dg.RunRequest) else []

    def synced(self, *names: str, state: str = "active", after: int = 1) -> None:
        """A sync that began `after` seconds from now."""
        started = (self.clock + timedelta(seconds=after)).isoformat()
        for name in names:
            journal.write(Home.current(), {"connection": name, "started": started, "state": state})

    def test_a_file_starts_a_run_for_its_drop_alone(self) -> None:
        assert self.tick() == ["drop_a", "drop_b"], "a cadence of the clock is not watched"
        self.synced("drop_a", "drop_b")
        assert self.tick() == []
        self.lies["drop_b"] = "2"
        assert self.tick() == ["drop_b"]
        assert self.answer.tags["arrived"] == "drop_b"
        self.synced("drop_b")
        assert self.tick() == []

    def test_a_failed_sync_is_asked_for_again_each_time_later(self) -> None:
        """No notice is lost to a run that failed, was killed, or never began."""
        asked = []
        self.lies["drop_b"] = "down"
        for second in range(0, 3600, 30):
            if self.tick():
                asked.append(second)
                self.synced("drop_a", state="unreachable")
        assert asked == [0, 60, 180, 420, 900, 1860]
        self.tick(3600)
        self.synced("drop_a")
        assert self.tick() == []
        self.lies["drop_a"] = "2"
        assert self.tick() == ["drop_a"], "after a good sync nothing waits"

    def test_a_run_on_its_way_is_waited_for(self) -> None:
        begun = begin(self.instance, "refresh", config=sync_config(connections=["drop_a", "drop_b"]))
        assert self.tick() == []
        self.synced("drop_a", "drop_b", after=-60)  # it had begun to read before the notice
        self.instance.delete_run(begun)
        assert self.tick() == ["drop_a", "drop_b"]

    def test_any_good_sync_takes_a_notice(self) -> None:
        """By hand, by the clock: whoever started it."""
        begun = begin(self.instance, "everything")
        assert self.tick() == []
        self.synced("drop_a", "drop_b")
        self.instance.delete_run(begun)
        assert self.tick() == []

    def test_what_comes_during_a_sync_is_asked_for_after_it(self) -> None:
        self.tick()
        self.synced("drop_a", "drop_b")
        self.lies["drop_a"] = "2"
        assert self.tick() == ["drop_a"]
        self.lies["drop_a"] = "3"
        begun = begin(self.instance, "refresh", config=sync_config(connections=["drop_a"]))
        self.synced("drop_a")  # of the second notice
        assert self.tick() == []
        self.instance.delete_run(begun)
        assert self.tick() == ["drop_a"], "the third came after that sync had begun"

    def test_a_drop_that_does_not_answer_stops_no_other(self) -> None:
        self.tick()
        self.synced("drop_a", "drop_b")
        self.lies |= {"drop_a": "down", "drop_b": "2"}
        assert self.tick() == ["drop_b"]
        self.synced("drop_b")
        self.lies["drop_a"] = "2"
        assert self.tick() == ["drop_a"], "what came meanwhile is found when it answers again"

    def test_silence_is_said(self) -> None:
        self.tick()
        self.synced("drop_a", "drop_b")
        self.lies["drop_a"] = "down"
        assert self.tick() == []
        assert "drop_a does not answer." in str(self.answer.skip_message)

    def test_a_cursor_of_another_version_is_no_trouble(self) -> None:
        self.cursor = json.dumps({"drop_a": "1"})
        assert self.tick() == ["drop_a", "drop_b"]


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a host that takes a connection and never says a word, as one behind a firewall may."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_hosts_that_take_a_call_and_say_nothing_silence_no_other(
    deaf: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The declared hooks of every system against such a host, beside a drop that answers; the tick ends in time."""
    drops = {f"drop_{letter}": "realtime" for letter in "abc"}
    configure(tmp_path, monkeypatch, drops, text=FILE.replace('"15m"', '"realtime"').replace('"manual"', '"realtime"'))
    file = tmp_path / "connections.toml"
    file.write_text(
        file.read_text("utf-8").replace("127.0.0.1:9", f"127.0.0.1:{deaf}").replace("port = 9", f"port = {deaf}")
    )
    for name in drops:
        key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        (tmp_path / f"{name}.pem").write_bytes(key)
    for variable in ("BOOKS_US_CONSUMER_KEY", "BOOKS_US_CONSUMER_SECRET", "BOOKS_US_TOKEN_ID", "BOOKS_US_TOKEN_SECRET"):
        monkeypatch.setenv(variable, "x")
    monkeypatch.setenv("CARDS_US_API_KEY", "sk_test_x")
    for module in (netsuite_watch, stripe_watch, sftp_watch):
        monkeypatch.setattr(module, "PATIENCE", 0.5)
    real = sftp_watch.arrivals
    answering = replace(systems()["sftp"], arrivals=lambda item: "1" if item.name == "drop_c" else real(item))
    monkeypatch.setitem(systems(), "sftp", answering)
    began = time.monotonic()
    answer, _ = ask(arrivals)
    assert time.monotonic() - began < 5
    assert config_of(answer)["connections"] == ["drop_c"]
    told = watch.ask([item for item in connections.load() if item.name != "drop_c"])
    assert set(told) == {"books_us", "cards_us", "drop_a", "drop_b"}
    assert all(isinstance(error, Transient) for error in told.values()), told


def test_a_hook_that_hangs_or_breaks_is_its_own_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "realtime", "drop_b": "realtime", "drop_c": "realtime"})
    never = threading.Event()

    def look(connection: Connection) -> str:
        return {"drop_a": lambda: str(never.wait()), "drop_b": lambda: str(1 / 0), "drop_c": lambda: "1"}[
            connection.name
        ]()

    monkeypatch.setitem(systems(), "sftp", replace(systems()["sftp"], arrivals=look))
    told = watch.ask(connections.load().of("sftp"), seconds=0.2)
    assert "no answer within" in str(told["drop_a"])
    assert isinstance(told["drop_b"], ZeroDivisionError)
    assert told["drop_c"] == "1"


class TestWrittenBack:
    @pytest.mark.parametrize("status", [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE])
    def test_after_a_delivery_the_models_are_built_again(self, status: dg.DagsterRunStatus) -> None:
        """A red one too: 99 posted and one refused leaves 99 breaks to close."""
        instance = dg.DagsterInstance.ephemeral()
        delivered = begin(instance, "writeback", status)
        request = ask(written_back, instance=instance)[0]
        assert request.run_key == f"after-{delivered}", "the run key lets it start once"
        assert config_of(request)["connections"] == ["-"], "nothing is read: the delivery has done so"

    def test_not_before_it_has_ended(self) -> None:
        instance = dg.DagsterInstance.ephemeral()
        begin(instance, "writeback")
        begin(instance, "refresh", dg.DagsterRunStatus.SUCCESS)
        assert isinstance(ask(written_back, instance=instance)[0], dg.SkipReason)


@pytest.fixture
def ended() -> Callable[[bool], tuple[dg.DagsterInstance, dg.ExecuteInProcessResult]]:
    """A run of a job named `writeback` that has ended well or badly."""

    def run(well: bool) -> tuple[dg.DagsterInstance, dg.ExecuteInProcessResult]:
        @dg.op
        def step() -> None:
            if not well:
                raise dg.Failure("The ERP said no.", allow_retries=False)

        @dg.job(name="writeback")
        def job() -> None:
            step()

        instance = dg.DagsterInstance.ephemeral()
        return instance, job.execute_in_process(instance=instance, raise_on_error=False)

    return run


def test_a_failed_run_is_one_line(ended: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    instance, result = ended(False)
    with dg.build_run_status_sensor_context(
        sensor_name="failed_run",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ) as context:
        failed_run(context.for_run_failure())
    (line,) = (tmp_path / "logs" / "failures.jsonl").read_text("utf-8").splitlines()
    entry = json.loads(line)
    assert (entry["job"], entry["run_id"]) == ("writeback", result.run_id)
    assert entry["steps"] == {"step": "The ERP said no."}, "the words of whoever refused, not only which step failed"
