"""Retries: reads are sent again, writes only when the answer says that nothing was done."""

import pytest
import requests

from pipelines.http import Http
from pipelines.system import Transient


class Scripted(requests.adapters.BaseAdapter):
    """Answers in the order given: a status, or an exception to raise."""

    def __init__(self, *answers: int | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.seen = 0

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        self.seen += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer
        response._content = b"{}"
        response.url = request.url or ""
        return response

    def close(self) -> None:
        pass


def client(*answers: int | Exception) -> tuple[Http, Scripted]:
    script = Scripted(*answers)
    http = Http("corner", attempts=3, max_wait=0.001)
    http._session.mount("http://", script)
    return http, script


def test_a_read_is_sent_again_until_it_is_answered() -> None:
    http, script = client(503, requests.ConnectionError(), 200)
    assert http.request("GET", "http://x/y").status_code == 200
    assert (script.seen, http.counter.calls, http.counter.retries, http.counter.errors) == (3, 3, 2, 2)


def test_a_read_gives_up_after_the_stated_number_of_tries() -> None:
    http, script = client(429, 429, 429, 200)
    with pytest.raises(Transient, match="429"):
        http.request("GET", "http://x/y")
    assert script.seen == 3


@pytest.mark.parametrize("answer", [requests.ConnectionError(), requests.ReadTimeout(), 500, 503])
def test_a_write_without_a_clear_answer_is_never_sent_again(answer: int | Exception) -> None:
    http, script = client(answer, 200)
    with pytest.raises(Transient):
        http.request("POST", "http://x/y")
    assert script.seen == 1


def test_a_write_that_was_turned_away_unread_is_sent_again() -> None:
    http, script = client(429, 204)
    assert http.request("POST", "http://x/y").status_code == 204
    assert script.seen == 2
