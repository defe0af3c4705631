"""What goes wrong on demand: in process, without a port and without waiting."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulator_openapi import Api

from reconciler.emulator.app import HangUp, Stalled, create_app
from reconciler.emulator.faults import Action, Faults, InvalidFaults, Rule, When

USER = {"role": "user", "content": "Hello"}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Iterator[Api]:
    caller = Api(create_app(None, clock=clock, sleep=clock.sleep), checked=False)
    yield caller
    caller.close()


def plan(api: Api, *rules: Rule, seed: int = 0) -> Faults:
    api.app.faults = Faults(rules, seed=seed)
    return api.app.faults


def statuses(api: Api, count: int, method: str = "POST", path: str = "/threads") -> list[int]:
    return [api.send(method, path).status_code for _ in range(count)]


# --- which requests are struck


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, [500] * 6),
        ({"nth": 3}, [200, 200, 500, 200, 200, 200]),
        ({"first": 3}, [200, 200, 500, 500, 500, 500]),
        ({"last": 2}, [500, 500, 200, 200, 200, 200]),
        ({"every": 2}, [500, 200, 500, 200, 500, 200]),
        ({"first": 2, "every": 3}, [200, 500, 200, 200, 500, 200]),
        ({"times": 2}, [500, 500, 200, 200, 200, 200]),
        ({"probability": 0.0}, [200] * 6),
        ({"method": "GET"}, [200] * 6),
        ({"path": "/conversations"}, [200] * 6),
        ({"path": "^/v1/threads$"}, [500] * 6),
        ({"body": "Hello"}, [200] * 6),
    ],
    ids=str,
)
def test_a_rule_strikes_the_requests_it_names(api: Api, which: Any, expected: list[int]) -> None:
    plan(api, Rule(do=Action.REFUSE, **which))

    assert statuses(api, 6) == expected


def test_a_rule_can_tell_requests_by_their_body(api: Api) -> None:
    plan(api, Rule(do=Action.REFUSE, body="Hello"))

    assert api.send("POST", "/threads", json={"messages": [USER]}).status_code == 500
    assert api.send("POST", "/threads").status_code == 200


def test_chance_is_the_same_for_the_same_seed(api: Api) -> None:
    courses = []
    for seed in (1, 1, 2):
        plan(api, Rule(do=Action.REFUSE, probability=0.3), seed=seed)
        courses.append(statuses(api, 40))

    assert courses[0] == courses[1] != courses[2]
    assert 4 <= courses[0].count(500) <= 20


def test_a_storm_is_over_after_its_time(api: Api, clock: Clock) -> None:
    plan(api, Rule(do=Action.RATE_LIMIT, retry_after="60", first=2, for_s=60))

    before = statuses(api, 2)
    clock.now_s += 60
    during = statuses(api, 1)
    clock.now_s += 1

    assert before + during + statuses(api, 2) == [200, 429, 429, 200, 200]


def test_what_struck_is_kept(api: Api) -> None:
    faults = plan(api, Rule(do=Action.REFUSE, nth=2))
    statuses(api, 3)

    assert faults.struck == [(Action.REFUSE, "POST", "/v1/threads")]


# --- before and after the write


@pytest.mark.parametrize(
    ("when", "threads"), [(When.BEFORE, 0), (When.AFTER, 1)], ids=["before", "after"]
)
@pytest.mark.parametrize(
    "do",
    [Action.REFUSE, Action.HTML, Action.REDIRECT, Action.UNAUTHORIZED, Action.RATE_LIMIT],
)
def test_an_answer_in_place_of_the_apis(api: Api, do: Action, when: When, threads: int) -> None:
    plan(api, Rule(do=do, when=when))

    assert api.send("POST", "/threads").status_code != 200
    assert len(api.emulator.threads()) == threads


@pytest.mark.parametrize(
    ("rule", "error", "committed"),
    [
        (Rule(do=Action.HANG_UP), HangUp, False),
        (Rule(do=Action.HANG_UP, when=When.AFTER), HangUp, True),
        (Rule(do=Action.TRUNCATE), HangUp, True),
        (Rule(do=Action.STALL), Stalled, False),
        (Rule(do=Action.STALL, when=When.AFTER), Stalled, True),
        (Rule(do=Action.STALL, how="body"), Stalled, True),
    ],
    ids=lambda value: str(getattr(value, "do", "")),
)
def test_no_answer_is_an_exception_that_knows_what_happened(
    api: Api, rule: Rule, error: type[HangUp | Stalled], committed: bool
) -> None:
    plan(api, rule)

    with pytest.raises(error) as caught:
        api.send("POST", "/threads")

    assert caught.value.committed is committed
    assert len(api.emulator.threads()) == int(committed)


def test_a_hang_up_is_a_connection_error_and_a_stall_a_timeout() -> None:
    assert issubclass(HangUp, ConnectionError)
    assert issubclass(Stalled, TimeoutError)


def test_a_delay_waits_and_goes_on(api: Api, clock: Clock) -> None:
    start_s = clock.now_s
    plan(api, Rule(do=Action.DELAY, delay_s=1.5), Rule(do=Action.DELAY, delay_s=2, when=When.AFTER))

    assert statuses(api, 1) == [200]
    assert clock.now_s == start_s + 3.5


def test_a_request_can_be_struck_by_several_rules(api: Api, clock: Clock) -> None:
    start_s = clock.now_s
    plan(api, Rule(do=Action.DELAY, delay_s=9), Rule(do=Action.REFUSE, status=503))

    assert statuses(api, 1) == [503]
    assert clock.now_s == start_s + 9


# --- what the wrong answers look like


def test_a_refusal_is_what_the_rule_says(api: Api) -> None:
    plan(
        api, Rule(do=Action.REFUSE, status=409, code="conflict", message="m", headers={"X-A": "b"})
    )

    answer = api.send("POST", "/threads")

    assert answer.status_code == 409
    assert answer.headers["x-a"] == "b"
    assert answer.json()["error"] == {
        "message": "m",
        "type": "invalid_request_error",
        "param": None,
        "code": "conflict",
    }


@pytest.mark.parametrize(("reply", "text"), [("oops", "oops"), ({"a": 1}, '{"a":1}'), ("", "")])
def test_a_refusal_can_have_any_body(api: Api, reply: Any, text: str) -> None:
    plan(api, Rule(do=Action.REFUSE, status=404, reply=reply))

    assert api.send("POST", "/threads").text == text


@pytest.mark.parametrize(
    "value", ["1", "0.5", "-3", "NaN", "soon", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT"]
)
def test_retry_after_is_sent_as_it_is(api: Api, value: str) -> None:
    plan(api, Rule(do=Action.RATE_LIMIT, retry_after=value, headers={"retry-after-ms": "20"}))

    answer = api.send("POST", "/threads")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, value)
    assert answer.headers["retry-after-ms"] == "20"
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"


def test_a_429_may_be_without_retry_after_and_for_lack_of_quota(api: Api) -> None:
    plan(api, Rule(do=Action.RATE_LIMIT, code="insufficient_quota"))

    answer = api.send("POST", "/threads")

    assert "retry-after" not in answer.headers
    assert answer.json()["error"]["code"] == "insufficient_quota"


def test_a_page_a_redirect_and_a_401(api: Api) -> None:
    plan(
        api,
        Rule(do=Action.HTML, nth=1),
        Rule(do=Action.REDIRECT, nth=2, location="/v1/threads/"),
        Rule(do=Action.UNAUTHORIZED, first=3),
    )

    page, redirect, refused, again = (api.send("POST", "/threads") for _ in range(4))

    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
    assert (redirect.status_code, redirect.headers["location"]) == (307, "/v1/threads/")
    assert (refused.status_code, again.status_code) == (401, 401)


def test_an_active_run_names_the_thread(api: Api) -> None:
    thread_id = api.post("/threads")["id"]
    plan(api, Rule(do=Action.ACTIVE_RUN, method="POST", path="/messages$"))

    answer = api.send("POST", f"/threads/{thread_id}/messages", json=USER)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        f"Can't add messages to {thread_id} while a run run_fault is active."
    )


def test_an_answer_can_lack_its_id(api: Api) -> None:
    plan(api, Rule(do=Action.DROP), Rule(do=Action.DROP, keys=("object", "metadata")))

    assert api.post("/threads").keys() == {"created_at", "tool_resources"}


def test_every_type_can_be_wrong(api: Api) -> None:
    plan(api, Rule(do=Action.WRONG_JSON))

    assert api.post("/threads") == {
        "id": 7,
        "object": 7,
        "created_at": "7",
        "metadata": [],
        "tool_resources": [],
    }


@pytest.mark.parametrize("reply", ["{", "[]", '"x"', "null", ""])
def test_any_text_can_stand_for_the_answer(api: Api, reply: str) -> None:
    plan(api, Rule(do=Action.WRONG_JSON, reply=reply))

    assert api.send("POST", "/threads").text == reply


def test_an_answer_can_be_too_long(api: Api) -> None:
    plan(api, Rule(do=Action.OVERSIZE, bytes=1_000_000))

    answer = api.send("POST", "/threads")

    assert len(answer.content) > 1_000_000
    assert answer.json()["object"] == "thread"


def test_an_answer_can_become_long_when_it_is_unpacked() -> None:
    from reconciler.emulator.answer import json_answer
    from reconciler.emulator.spoil import spoil

    faults = Faults()
    answer = spoil(
        Rule(do=Action.OVERSIZE, how="gzip", bytes=1_000_000), json_answer({}), faults.random
    )

    assert ("content-encoding", "gzip") in answer.headers
    assert len(answer.body) < 10_000 < len(gzip.decompress(answer.body))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("reverse", ["c", "b", "a"]),
        ("drop", ["a", "c"]),
        ("duplicate", ["a", "b", "c", "c"]),
        ("change", ["a (changed)", "b (changed)", "c (changed)"]),
    ],
)
def test_a_listing_can_be_scrambled(api: Api, how: str, expected: list[str]) -> None:
    messages = [{"role": "user", "content": text} for text in "abc"]
    thread_id = api.post("/threads", {"messages": messages})["id"]
    items = [{"role": "user", "content": text} for text in "abc"]
    conversation_id = api.post("/conversations", {"items": items})["id"]
    plan(api, Rule(do=Action.SCRAMBLE, how=how, method="GET"))

    for path in (f"/threads/{thread_id}/messages", f"/conversations/{conversation_id}/items"):
        assert api.texts(path, order="asc") == expected


def test_a_shuffled_listing_keeps_its_members(api: Api) -> None:
    messages = [{"role": "user", "content": str(n)} for n in range(20)]
    thread_id = api.post("/threads", {"messages": messages})["id"]
    plan(api, Rule(do=Action.SCRAMBLE, how="shuffle", method="GET"))

    texts = api.texts(f"/threads/{thread_id}/messages", order="asc")

    assert texts != sorted(texts, key=int)
    assert sorted(texts, key=int) == [str(n) for n in range(20)]


# --- plans as files


def test_a_plan_is_read_from_json(api: Api) -> None:
    text = json.dumps(
        {
            "seed": 7,
            "rules": [
                {"do": "hang_up", "when": "after", "method": "POST", "nth": 1},
                {"do": "drop", "keys": ["object"], "first": 2},
            ],
        }
    )

    faults = Faults.from_json(text)

    assert faults.rules == (
        Rule(do=Action.HANG_UP, when=When.AFTER, method="POST", nth=1),
        Rule(do=Action.DROP, keys=("object",), first=2),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "a plan is an object with a list of rules"),
        ('{"rules": [{}]}', 'rule 1: an object with "do" is needed'),
        ('{"rules": [{"do": "explode"}]}', "rule 1: 'explode' is not a valid Action"),
        ('{"rules": [{"do": "drop"}, {"do": "drop", "n": 1}]}', "rule 2: unknown name 'n'"),
        ('{"rules": [{"do": "drop", "nth": "1"}]}', "rule 1: nth cannot be '1'"),
        ('{"rules": [{"do": "drop", "path": "("}]}', "rule 1: "),
        ('{"rules": [{"do": "drop", "every": 0}]}', "rule 1: every must be at least 1"),
        ('{"rules": [{"do": "drop", "when": "never"}]}', "rule 1: 'never'"),
        ('{"seed": "x", "rules": []}', "seed must be a whole number"),
    ],
)
def test_a_plan_that_cannot_be_understood_says_why(text: str, message: str) -> None:
    with pytest.raises(InvalidFaults, match=message.replace("(", r"\(")):
        Faults.from_json(text)


# --- from another process


@pytest.fixture
def admin() -> Iterator[Api]:
    caller = Api(create_app(None, with_admin=True), checked=False)
    yield caller
    caller.close()


def ask(caller: Api, method: str, what: str, **rest: Any) -> httpx.Response:
    return caller.send(method, f"http://emulator/_emulator/{what}", **rest)


def test_a_plan_can_be_set_and_lifted_over_the_wire(admin: Api) -> None:
    rules = {"rules": [{"do": "refuse", "status": 503}]}

    assert ask(admin, "POST", "faults", json=rules).status_code == 200
    assert statuses(admin, 1) == [503]
    assert ask(admin, "GET", "faults").json() == {"struck": [["refuse", "POST", "/v1/threads"]]}
    assert ask(admin, "DELETE", "faults").status_code == 200
    assert statuses(admin, 1) == [200]


def test_a_wrong_plan_is_refused_over_the_wire(admin: Api) -> None:
    answer = ask(admin, "POST", "faults", json={"rules": [{"do": "explode"}]})

    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]["message"]


def test_requests_and_threads_can_be_read_over_the_wire(admin: Api) -> None:
    ask(admin, "POST", "requests")
    thread_id = admin.post("/threads", {"messages": [USER]})["id"]
    admin.get(f"/threads/{thread_id}/messages", limit=1)

    requests = ask(admin, "GET", "requests").json()["requests"]
    (thread,) = ask(admin, "GET", "threads").json()["threads"]

    assert [row[:3] for row in requests] == [
        ["POST", "/v1/threads", 200],
        ["GET", f"/v1/threads/{thread_id}/messages?limit=1", 200],
    ]
    assert json.loads(requests[0][3]) == {"messages": [USER]}
    assert thread["thread"]["id"] == thread_id
    assert len(thread["messages"]) == 1


def test_without_the_flag_there_is_no_admin(api: Api) -> None:
    assert ask(api, "GET", "faults").status_code == 404
    assert ask(api, "POST", "nothing").status_code == 404
