"""Rows by request: all or none, lenient, merged, idempotent, paged (http-api.md, Tables)."""

import concurrent.futures

import pytest
from api import Server

JOB = {"id": 900, "job": "Archivist"}
PERSON = {
    "id": 5000,
    "name": "Ada Lovelace",
    "datetime_": "2021-11-07T02:48:42Z",
    "department_id": 1,
    "job_id": 1,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    (folder / "data").mkdir()
    with Server(folder) as running:
        client = running.user()
        for path, column in (("/departments", "department"), ("/jobs", "job")):
            rows = [{"id": i, column: f"{column} {i}"} for i in range(1, 21)]
            client.post(path, rows, 201)
        yield running
        assert running.stop() == 0, running.log()


@pytest.fixture
def client(server):
    return server.user()


def person(key, **changes):
    return PERSON | {"id": key} | changes


BAD_ROWS = [
    ({"id": "5"}, 422, ["value.wrong_type"], "/id"),
    ({"id": 0, "job": ""}, 422, ["value.out_of_range", "value.missing"], "/id"),
    ({"id": 901}, 422, ["value.missing"], "/job"),
    ({"id": 901, "job": None}, 422, ["value.missing"], "/job"),
    ({"id": 901, "job": "x", "salary": 1}, 422, ["value.unknown_field"], "/salary"),
    ({"id": 901.5, "job": "x"}, 422, ["value.not_integer"], "/id"),
    ({"id": 2**70, "job": "x"}, 422, ["value.out_of_range"], "/id"),
    ({"id": 901, "job": "x" * 101}, 422, ["value.too_long"], "/job"),
    ({"id": 901, "job": ["x"]}, 422, ["value.wrong_type"], "/job"),
    ({"id": 1, "job": "again"}, 409, ["key.exists"], "/id"),
]


@pytest.mark.parametrize(("row", "status", "codes", "pointer"), BAD_ROWS)
def test_a_bad_row_names_every_fault(client, row, status, codes, pointer):
    row = {"job": "x"} | row if "id" in row and row["id"] == "5" else row
    refused = client.post("/jobs", row, status)
    assert refused.codes == codes
    assert refused.json["errors"][0]["pointer"] == pointer
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json["message"] == refused.json["detail"]
    in_array = client.post("/jobs", [{"id": 990, "job": "good"}, row], status)
    assert in_array.json["errors"][0]["pointer"] == "/1" + pointer
    client.get("/jobs/990", 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"id": 1, "id": 2, "job": "x"}', 400),
        (b'[{"id": 902, "job": "x"},]', 400),
        (b'{"id": 902, "job": "\xff"}', 400),
        (b'{"id": 902, "job": "\\ud800"}', 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"id": 902, "job": "x"} trailing', 400),
        (b'"text"', 400),
    ],
)
def test_what_is_no_rows(client, body, status):
    assert client.post("/jobs", body, status).json["code"]
    client.get("/readyz")


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 201), (1000, 201), (1001, 400)])
def test_batch_sizes(client, count, status):
    rows = [person(100_000 + count * 10_000 + i) for i in range(count)]
    answer = client.post("/hiredemployees", rows, status)
    if status == 201:
        assert answer.json["inserted"] == count
        client.get(f"/hiredemployees/{rows[-1]['id']}")


def test_keys_and_references(client):
    twice = client.post("/hiredemployees", [person(6000), person(6000)], 409)
    assert twice.codes == ["key.duplicate"]
    missing = client.post("/hiredemployees", person(6001, department_id=77, job_id=78), 404)
    assert missing.codes == ["reference.missing", "reference.missing"]
    mixed = client.post("/hiredemployees", [person(6002, job_id=78), person(6002)], 422)
    assert set(mixed.codes) == {"reference.missing", "key.duplicate"}
    for key in (6000, 6001, 6002):
        client.get(f"/hiredemployees/{key}", 404)


def test_lenient_keeps_the_good_and_the_bad(client):
    rows = [person(6100), person(6101, name=""), person(6102, job_id=99), person(6103)]
    answer = client.post("/hiredemployees", rows, 200, Prefer="handling=lenient")
    assert answer.headers["preference-applied"] == "handling=lenient"
    assert (answer.json["inserted"], answer.json["rejected"]) == (2, 2)
    assert [row["status"] for row in answer.json["rows"]] == [
        "stored", "rejected", "rejected", "stored",
    ]  # fmt: skip
    kept = client.get("/rejects?table=hired_employees").json
    mine = {r["pointer"]: r for r in kept if r["object"] == "POST /hiredemployees"}
    assert {"/1", "/2"} <= set(mine)
    assert mine["/2"]["reasons"][0]["code"] == "reference.missing"
    shown = client.get(f"/rejects/{mine['/1']['id']}").json
    assert shown["reasons"][0]["column"] == "name"
    waived = client.post(f"/rejects/{mine['/1']['id']}/waive", {"note": "not ours"}, 200)
    assert waived.json["state"] == "waived"
    assert client.get(f"/rejects/{mine['/1']['id']}").json["state"] == "waived"


def test_merge(client):
    client.post("/jobs", [{"id": 910, "job": "a"}, {"id": 911, "job": "b"}], 201)
    rows = [{"id": 910, "job": "a"}, {"id": 911, "job": "c"}, {"id": 912, "job": "d"}]
    answer = client.post("/jobs", rows, 200, Prefer="resolution=merge-duplicates")
    counts = {name: answer.json[name] for name in ("inserted", "updated", "unchanged")}
    assert counts == {"inserted": 1, "updated": 1, "unchanged": 1}
    assert client.get("/jobs/911").json == {"id": 911, "job": "c"}


def test_idempotency_key(client, server):
    first = client.post("/jobs", {"id": 920, "job": "x"}, 201, Idempotency_Key="k-1")
    again = client.post("/jobs", {"id": 920, "job": "x"}, 201, Idempotency_Key="k-1")
    assert again.body == first.body
    other = client.post("/jobs", {"id": 921, "job": "x"}, 422, Idempotency_Key="k-1")
    assert other.json["code"] == "idempotency.payload"
    stranger = server.user("grace")
    stranger.post("/jobs", {"id": 920, "job": "x"}, 409, Idempotency_Key="k-1")
    client.post("/jobs", {"id": 922, "job": "x"}, 422, Idempotency_Key="no spaces")


def test_concurrent_requests_with_one_idempotency_key(server):
    def send(_):
        return server.user().post("/jobs", {"id": 930, "job": "x"}, Idempotency_Key="k-2").status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(send, range(8)))
    assert statuses.count(201) >= 1
    assert set(statuses) <= {201, 409}, statuses


def test_concurrent_inserts_of_the_same_keys(server):
    """Every key is stored once, by the request that was told so."""
    clients = [server.user(f"user{i}") for i in range(8)]

    def send(client):
        stored = []
        for key in range(7000, 7040):
            answer = client.post("/hiredemployees", person(key, name=f"by {client.port}"))
            assert answer.status in (201, 409), answer
            if answer.status == 201:
                stored.append(key)
        return stored

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        stored = sorted(key for keys in pool.map(send, clients) for key in keys)
    assert stored == list(range(7000, 7040))


def test_pages_cover_the_table_once(client):
    seen, path, pages = [], "/hiredemployees?limit=300", 0
    while path:
        page = client.get(path)
        seen += [row["id"] for row in page.json]
        link = page.headers.get("link")
        path = link.split(";")[0].strip("<>") if link else None
        pages += 1
    assert seen == sorted(set(seen))
    total = client.get("/hiredemployees?limit=1", Prefer="count=exact")
    assert int(total.headers["x-total-count"]) == len(seen)
    assert pages == -(-len(seen) // 300)


@pytest.mark.parametrize("order", ["job.desc", "job", "id.desc"])
def test_order_and_pages(client, order):
    seen, path = [], f"/jobs?order={order}&limit=7"
    while path:
        page = client.get(path)
        seen += [(row["job"], row["id"]) for row in page.json]
        link = page.headers.get("link")
        path = link.split(";")[0].strip("<>") if link else None
    key = (lambda row: row[1]) if order == "id.desc" else (lambda row: (row[0].encode(), row[1]))
    wanted = sorted(seen, key=key, reverse=order.endswith(".desc"))
    assert seen == wanted
    assert len(seen) == len(set(seen)) >= 20


def test_filters_formats_versions(client):
    rows = client.get("/jobs?job=job%203").json
    assert rows == [{"id": 3, "job": "job 3"}]
    csv = client.get("/jobs?id=3", Accept="text/csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.body == b"id,job\r\n3,job 3\r\n"
    page = client.get("/jobs?limit=2")
    tag = page.headers["etag"]
    client.get("/jobs?limit=2", 304, If_None_Match=tag)
    client.post("/jobs", {"id": 940, "job": "new"}, 201)
    assert client.get("/jobs?limit=2", If_None_Match=tag).headers["etag"] != tag


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "order=nothing", "order=id.up", "id=x", "cursor=abc",
     "unknown=1", "limit=1&limit=2"],
)  # fmt: skip
def test_bad_parameters(client, query):
    assert client.get(f"/jobs?{query}", 422).json["errors"][0]["pointer"]


def test_a_cursor_is_of_its_list(client):
    link = client.get("/jobs?limit=2").headers["link"]
    cursor = link.split("cursor=")[1].split(">")[0]
    client.get(f"/jobs?limit=2&cursor={cursor}")
    client.get(f"/departments?limit=2&cursor={cursor}", 422)
    client.get(f"/jobs?limit=2&order=job&cursor={cursor}", 422)


def test_media_types(client):
    client.post("/jobs", JOB, 415, Content_Type="text/plain")
    client.get("/jobs", 406, Accept="image/png")
    client("PUT", "/jobs", JOB, 405)
    assert "POST" in client("DELETE", "/jobs", None, 405).headers["allow"]
    assert client("OPTIONS", "/jobs", None, 204).headers["allow"] == "POST, GET, HEAD, OPTIONS"
    client.get("/nothing", 404)
