"""The sensors: level-triggered, one run for one state of things, and none of them stopped by another's trouble."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from definitions import defs
from pipelines import connections, systems, writeback
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.outbox import Outbox
from pipelines.system import Transient
from schedules.sensors import SENSORS, arrivals, failed_run, outbox_waiting, written_back
from tests.orchestration.kit import begin, config_of, configure
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
    assert {sensor.name: sensor.job_name for sensor in SENSORS[:2]} == {
        "outbox_waiting": "writeback",
        "arrivals": "refresh",
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
        configure(tmp_path, monkeypatch, {"drop_a": "60m", "drop_b": "daily", "drop_c": "manual"})
        self.lies = {"drop_a": "1", "drop_b": "1", "drop_c": "1"}

        def look(connection: Connection) -> str:
            if self.lies[connection.name] == "down":
                raise Transient(f"{connection.name} does not answer.")
            return self.lies[connection.name]

        monkeypatch.setitem(systems(), "sftp", replace(systems()["sftp"], arrivals=look))

    def test_a_file_starts_a_run_for_its_drop_alone(self) -> None:
        first, cursor = ask(arrivals)
        assert config_of(first) == {"cadence": "", "connections": ["drop_a", "drop_b"], "full": False}, (
            "manual: not watched"
        )
        assert isinstance(ask(arrivals, cursor)[0], dg.SkipReason)
        self.lies["drop_b"] = "2"
        second, moved = ask(arrivals, cursor)
        assert config_of(second)["connections"] == ["drop_b"]
        assert second.tags["arrived"] == "drop_b"
        assert isinstance(ask(arrivals, moved)[0], dg.SkipReason)

    def test_the_cursor_moves_only_when_something_came(self) -> None:
        _, cursor = ask(arrivals)
        assert ask(arrivals, cursor)[1] == cursor
        assert json.loads(str(cursor)) == {"drop_a": "1", "drop_b": "1"}

    def test_a_drop_that_does_not_answer_stops_no_other(self) -> None:
        _, cursor = ask(arrivals)
        self.lies |= {"drop_a": "down", "drop_b": "2"}
        answer, moved = ask(arrivals, cursor)
        assert config_of(answer)["connections"] == ["drop_b"]
        self.lies["drop_a"] = "2"
        answer, _ = ask(arrivals, moved)
        assert config_of(answer)["connections"] == ["drop_a"], "what came meanwhile is found when it answers again"

    def test_silence_is_said(self) -> None:
        _, cursor = ask(arrivals)
        self.lies["drop_a"] = "down"
        answer, same = ask(arrivals, cursor)
        assert "drop_a does not answer." in str(answer.skip_message)
        assert same == cursor

    def test_the_real_look_raises_what_the_sensor_survives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The declared hook against a port where nobody listens."""
        from pipelines.sftp.watch import arrivals as look

        monkeypatch.setitem(systems(), "sftp", replace(systems()["sftp"], arrivals=look))
        answer, _ = ask(arrivals)
        assert "drop_a" in str(answer.skip_message)
        assert "drop_b" in str(answer.skip_message)


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


def test_after_a_delivery_the_models_are_built_again(ended: Any) -> None:
    instance, result = ended(True)
    with dg.build_run_status_sensor_context(
        sensor_name="written_back",
        dagster_event=result.get_run_success_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ) as context:
        request = written_back(context)
    assert request.run_key == f"after-{result.run_id}"
    assert config_of(request)["connections"] == ["-"], "nothing is read: the delivery has done so"


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
