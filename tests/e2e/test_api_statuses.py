"""Every answer that the document promises is given at least once (http-api.md).

WAYS says for each documented status of a path how it is provoked, GENERAL for those that every
path gives in the same way. A documented answer that no way reaches fails, and so does a way to an
answer that is not documented.
"""

import contextlib
import http.client

import pytest
from api import PASSWORD, Answer
from api_world import World

WAIT_S = 60
BODY_BYTES = 8 << 20

# Left out, each with its reason.
REPRESENTED = ("/departments", "/jobs")  # the same code as /hiredemployees, from another table
UNPROVOKED = {500: "it tells of a fault of the program or its disk; no request leads there"}


def nowhere(path):
    """The path with names of nothing, for what is refused before they matter, or because."""
    for name in ("key", "id", "file", "backup_name"):
        path = path.replace("{" + name + "}", "987654321")
    return path


def raw(world, method, path, host=True, **headers):
    """A request that http.client would mend otherwise; its body is not sent."""
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=WAIT_S)
    connection.putrequest(method, path, skip_host=not host)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    answer = Answer(response, response.read())
    connection.close()
    return answer


# --- ways that are the same for every path ----------------------------------------------------


def as_it_is(world, method, path):
    return world.client(method, world.target(path))


def unchanged(world, method, path):
    tag = world.client.get(path).headers["etag"]
    return world.client(method, path, If_None_Match=tag)


def malformed(world, method, path):
    return raw(world, method, nowhere(path), host=False)


def malformed_body(world, method, path):
    return world.client(method, nowhere(path), b'{"a": ')


def without_token(world, method, path):
    return world.server.client()(method, nowhere(path))


def as_reader(world, method, path):
    return world.reader(method, nowhere(path))


def of_nothing(world, method, path):
    return world.client(method, nowhere(path))


def other_accept(world, method, path):
    return world.client(method, nowhere(path), Accept="application/x-nothing")


def too_large(world, method, path):
    return raw(world, method, nowhere(path), Content_Length=str(BODY_BYTES + 1))


def other_type(world, method, path):
    return world.client(method, nowhere(path), b"abc", Content_Type="application/x-nothing")


def unknown_parameter(world, method, path):
    return world.client(method, nowhere(path) + "?nothing=1")


def too_often(world, method, path):
    for spent in ("/version", "/healthz"):  # one counts for the user, one for the address
        while world.limited.get(spent, None).status != 429:
            pass
    answer = world.limited(method, nowhere(path))
    assert int(answer.headers["retry-after"]) >= 1
    return answer


def overloaded(world, method, path):
    answer = world.overloaded(method, nowhere(path))
    assert int(answer.headers["retry-after"]) >= 1
    return answer


def during_a_run(body=None, **headers):
    def way(world, method, path):
        target = world.target(path)
        with world.at_work():
            return world.client(method, target, body, **headers)

    return way


# --- ways of one path -------------------------------------------------------------------------


def with_body(make, client=lambda world: world.client, **headers):
    """Sends what `make` makes of the world."""

    def way(world, method, path):
        return client(world)(method, world.target(path), make(world), **headers)

    return way


def credentials(name, password=PASSWORD):
    return {"username": name, "password": password}


def tokens_again(world):
    return {"refresh_token": world.server.login("root").refresh_token}


def log_out(world, method, path):
    return world.server.login("root")(method, path)


def insert_twice(world, method, path):
    person = world.person()
    world.client(method, path, person, 201)
    return world.client(method, path, person)


def cancel_at_work(world, method, path):
    with world.at_work() as run:
        return world.client(method, path.replace("{id}", run))


def replay_at_work(world, method, path):
    mended = world.mended
    with world.at_work():
        return world.client(method, path, mended, Content_Type="text/csv")


def started(way):
    """The work of a 202 is waited for."""

    def whole(world, method, path):
        answer = way(world, method, path)
        assert answer.headers["location"] == "/runs/" + answer.json["run_id"]
        world.ended(answer.json["run_id"])
        return answer

    return whole


in_the_background = started(
    lambda world, method, path: world.client(method, world.target(path), Prefer="respond-async")
)
GENERAL = {
    200: as_it_is,
    304: unchanged,
    400: malformed,
    401: without_token,
    403: as_reader,
    404: of_nothing,
    406: other_accept,
    413: too_large,
    415: other_type,
    422: unknown_parameter,
    429: too_often,
    503: overloaded,
}
WAYS = {
    ("POST", "/register"): {
        201: with_body(lambda world: credentials(f"user{next(world.keys)}")),
        400: malformed_body,
        403: with_body(lambda world: credentials("late"), lambda world: world.closed),
        409: with_body(lambda world: credentials("root")),
        422: with_body(lambda world: credentials("weak", "short")),
    },
    ("POST", "/login"): {
        200: with_body(lambda world: credentials("root")),
        400: malformed_body,
        401: with_body(lambda world: credentials("nobody")),
        422: with_body(lambda world: {"username": "root"}),
    },
    ("POST", "/refresh"): {
        200: with_body(tokens_again),
        400: malformed_body,
        401: with_body(lambda world: {"refresh_token": "x"}),
        422: with_body(lambda world: {"refresh_token": 1}),
    },
    ("POST", "/logout"): {200: log_out},
    ("POST", "/hiredemployees"): {
        200: with_body(lambda world: [world.person(job_id=-1)], Prefer="handling=lenient"),
        201: with_body(lambda world: world.person()),
        400: malformed_body,
        404: with_body(lambda world: world.person(job_id=-1)),
        409: insert_twice,
        422: with_body(lambda world: world.person(id="x")),
    },
    ("POST", "/runs"): {
        202: started(lambda world, method, path: world.client(method, path)),
        400: malformed_body,
        409: during_a_run(),
        422: with_body(lambda world: {"tables": ["nothing"]}),
    },
    ("POST", "/runs/{id}/cancel"): {202: cancel_at_work, 409: as_it_is},
    ("POST", "/rejects/replay"): {
        200: with_body(lambda world: world.mended, Content_Type="text/csv"),
        409: replay_at_work,
        422: with_body(lambda world: b"no export", Content_Type="text/csv"),
    },
    ("POST", "/rejects/{id}/waive"): {200: as_it_is, 400: malformed_body},
    ("GET", "/swagger-ui"): {308: as_it_is},
}  # fmt: skip
for verb in ("GET", "POST"):
    WAYS[verb, "/hiredemployees/backup"] = {
        200: as_it_is,
        202: in_the_background,
        409: during_a_run(Prefer="respond-async"),
    }
    WAYS[verb, "/hiredemployees/restore/{backup_name}"] = {
        200: as_it_is,
        202: in_the_background,
        409: during_a_run(),
    }


# --- the test ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield World(tmp_path_factory.mktemp, stack)


def documented(document):
    """(method, path, status) of all that is not left out."""
    return [
        (method.upper(), path, int(status))
        for path, operations in document["paths"].items()
        if not path.startswith(REPRESENTED)
        for method, operation in operations.items()
        for status in operation["responses"]
        if int(status) not in UNPROVOKED
    ]


def way_to(method, path, status):
    general = None if status == 200 and method != "GET" else GENERAL.get(status)
    return WAYS.get((method, path), {}).get(status, general)


def fault(world, method, path, status):
    """What is wrong with this answer, or None."""
    way = way_to(method, path, status)
    if way is None:
        return "no way leads there"
    answer = way(world, method, path)
    content = world.document["paths"][path][method.lower()]["responses"][str(status)]
    kinds = content.get("content", {})
    kind = answer.headers.get("content-type", "").split(";")[0]
    if answer.status != status:
        return f"answered {answer}"
    return None if kind in kinds or (not kinds and not answer.body) else f"is {kind}: {answer}"


STATUSES = sorted(set(GENERAL) | {status for ways in WAYS.values() for status in ways})


@pytest.mark.parametrize("status", STATUSES)
def test_every_documented_answer_is_given(world, status):
    tried, faults = 0, {}
    for method, path, one in documented(world.document):
        if one == status:
            tried += 1
            if wrong := fault(world, method, path, status):
                faults[method, path] = wrong
    assert not faults, faults
    assert tried


def test_no_documented_status_is_forgotten(world):
    triples = set(documented(world.document))
    assert {status for _, _, status in triples} <= set(STATUSES)
    missing = [triple for triple in triples if way_to(*triple) is None]
    assert not missing
    known = {(method, path) for method, path, _ in triples}
    wild = {(*at, one) for at, ways in WAYS.items() if at in known for one in ways} - triples
    assert not wild


# Requests that fit the document, of what is not there or in the way.
STRAYS = {
    "a replay of no reject": (
        "POST",
        "/rejects/replay",
        b"_reject_id,id,job\r\n" + b"0" * 32 + b",1,a\r\n",
        "text/csv",
    ),
    "a waiver with an unknown field": ("POST", "/rejects/{id}/waive", b'{"x": 1}', None),
    "a run of no table": ("POST", "/runs", b'{"tables": ["x"]}', None),
    "a run of tables of no kind": ("POST", "/runs", b'{"tables": 1}', None),
    "a logout of everything": ("POST", "/logout", b"{}", None),
    "a key of another type": ("GET", "/hiredemployees/abc", None, None),
    "a cursor of nothing": ("GET", "/hiredemployees?cursor=abc", None, None),
    "a report of no year": ("GET", "/reports/hires_by_quarter?year=99999", None, None),
    "too many rejects": ("GET", "/rejects?limit=1001", None, None),
}


@pytest.mark.parametrize("what", STRAYS)
def test_answers_to_strays_are_documented(world, what):
    method, path, body, kind = STRAYS[what]
    client = world.server.login("root")
    answer = client(method, world.target(path), body, Content_Type=kind or "application/json")
    operation = world.document["paths"][path.split("?")[0].replace("abc", "{key}")][method.lower()]
    assert str(answer.status) in operation["responses"], answer
    assert str(world.server.folder) not in answer.body.decode()
