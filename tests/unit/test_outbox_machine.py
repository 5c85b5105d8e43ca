"""The outbox as a state machine: whatever plans, answers, crashes and people do, a key is one record at most.

Hypothesis looks for a sequence of steps that breaks the rules below; a failure prints the steps.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipelines.outbox import IllegalTransition, Outbox, State
from pipelines.outbox.model import TRANSITIONS
from pipelines.system import CannotFind, Intent, Refused, Rejected, Transient
from tests.unit.outbox_kit import Erp, Killed, Lost, deliver, key, row

NAMES = ("a", "b", "c")
ANSWERS = {
    "made": lambda: None,
    "lost": lambda: Lost("cut after the commit"),
    "busy": lambda: Transient("429"),
    "no": lambda: Rejected("no"),
    "refused": lambda: Refused("token revoked"),
    "killed before": lambda: Killed("before"),
    "killed after": lambda: Killed("after"),
    "bug": lambda: KeyError("id"),
}


class Moody(Erp):
    """An ERP that sometimes cannot answer a find."""

    def __init__(self) -> None:
        super().__init__()
        self.finds: list[str] = []

    def find(self, intent: Intent) -> str | None:
        mood = self.finds.pop(0) if self.finds else "fine"
        if mood == "busy":
            raise Transient("find: 503")
        if mood == "blind":
            raise CannotFind("search is down")
        if mood == "killed":
            raise Killed("before")
        return super().find(intent)


class Machine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.outbox = Outbox(self.folder / "outbox.sqlite")
        self.erp = Moody()
        self.sent: dict[str, str] = {}
        self.states: dict[str, State] = {}
        self.vouched_wrongly: set[str] = set()

    def teardown(self) -> None:
        self.outbox.close()
        shutil.rmtree(self.folder)

    @rule(plan=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1.00", "2.00"])))
    def plans(self, plan: dict[str, str]) -> None:
        known = {one.key: one for one in self.outbox.list()}
        result = self.outbox.plan([row(name, amount=amount) for name, amount in plan.items()])
        for name, amount in plan.items():
            held = known.get(key(name))
            person = held is not None and held.state == State.VOID and held.voided_by != "plan"
            differs = held is not None and held.amount != amount and not person
            sent = held is not None and (held.attempts > 0 or held.state not in (State.PLANNED, State.VOID))
            noted = held is not None and held.state == State.POSTED
            assert (key(name) in {one.key for one in result.conflicts}) == (differs and sent and not noted)
            assert (key(name) in {one.key for one in result.noted}) == (differs and noted)
            assert (key(name) in result.superseded) == (differs and not sent)

    @rule(
        answers=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4),
        finds=st.lists(st.sampled_from(["fine", "fine", "busy", "blind", "killed"]), max_size=4),
    )
    def delivers(self, answers: list[str], finds: list[str]) -> None:
        made = [ANSWERS[answer]() for answer in answers]
        self.erp.script = dict.fromkeys(map(key, NAMES), made)  # one list: consumed in the order of the calls
        self.erp.finds = list(finds)
        try:
            report = deliver(self.outbox, self.erp)
        except Killed:
            return
        for sent in report.posted:
            assert self.outbox.show(sent.key).intent.state == State.POSTED

    @rule(name=st.sampled_from(NAMES))
    def retries(self, name: str) -> None:
        """A person looks into the ERP before vouching that a record is not there; who finds it does not."""
        if self.states.get(key(name)) == State.UNKNOWN and self.erp.ids(key(name)):
            return
        self.attempt_by_a_person(name, {State.REJECTED, State.UNKNOWN}, lambda: self.outbox.retry(key(name)))

    @rule(name=st.sampled_from(NAMES))
    def voids(self, name: str) -> None:
        allowed = {State.PLANNED, State.REJECTED, State.UNKNOWN, State.VOID}
        self.attempt_by_a_person(name, allowed, lambda: self.outbox.void(key(name), "because", by="ana"))

    def attempt_by_a_person(self, name: str, allowed: set[State], step: Any) -> None:
        if key(name) not in self.states:
            return
        if self.states[key(name)] in allowed:
            try:
                step()
            except IllegalTransition:
                assert self.states[key(name)] == State.VOID, "only a void of a void may be refused here"
        else:
            with pytest.raises(IllegalTransition):
                step()

    @invariant()
    def rules_hold(self) -> None:
        for one in self.outbox.list():
            ids = self.erp.ids(one.key)
            assert len(ids) <= 1, "a key is one record at most"
            if one.attempts or "~" in one.key:
                assert one.amount == self.sent.setdefault(one.key, one.amount), "what was sent or kept is never updated"
            if "~" in one.key:
                assert (one.state, one.attempts, one.voided_by) == (State.VOID, 0, "plan")
            if one.state == State.POSTED:
                assert [one.erp_id] == ids
            if one.state in (State.PLANNED, State.REJECTED):
                assert not ids, "in the ERP is only what is posted, has no answer yet, or a person gave up"
            self.states[one.key] = one.state
            tries = self.outbox.show(one.key).attempts
            assert len(tries) == one.attempts
            assert all(attempt.ended_at is not None for attempt in tries[:-1])


Machine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestMachine = Machine.TestCase


def test_the_state_machine_is_the_designs() -> None:
    steps = {(before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters}
    assert steps == {
        ("planned", "sending"),
        ("planned", "void"),
        ("sending", "posted"),
        ("sending", "rejected"),
        ("sending", "unknown"),
        ("rejected", "planned"),
        ("rejected", "void"),
        ("unknown", "planned"),
        ("unknown", "void"),
        ("void", "planned"),
    }


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_every_other_step_raises(tmp_path: Path, before: State, after: State) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    outbox.plan([row()])
    outbox.store.note([key()], state=before)
    with outbox.store.writing() as connection:
        if after in TRANSITIONS[before]:
            outbox.store.move(connection, key(), before, after)
            assert outbox.store.get(connection, key()).state == after
        else:
            with pytest.raises(IllegalTransition, match=f"{before} and cannot become {after}"):
                outbox.store.move(connection, key(), before, after)
