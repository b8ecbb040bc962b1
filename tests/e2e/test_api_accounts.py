"""Accounts over HTTP, and who may do what (http-api.md, Accounts)."""

import base64
import json
import subprocess
import time

import pytest
from api import PASSWORD, Server

FACTS_S = 10  # a change by another process is known to the server by then


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounts")
    (folder / "data").mkdir()
    with Server(folder) as running:
        running.user("root")  # the first user is admin
        yield running


def credentials(name="ada", password=PASSWORD):
    return {"username": name, "password": password}


def test_register_and_log_in(server):
    client = server.client()
    made = client.post("/register", credentials("alan"), 201)
    assert made.json["message"] == "User created successfully."
    assert (made.json["username"], made.json["role"]) == ("alan", "writer")
    client.post("/register", credentials("alan"), 409)
    tokens = client.post("/login", credentials("alan"), 200).json
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    client.token = tokens["access_token"]
    client.get("/jobs")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (credentials(password="short"), 422),
        (credentials(password="password1"), 422),
        (credentials(name="a b"), 422),
        (credentials(name=""), 422),
        (credentials() | {"role": "admin"}, 422),
        ({"username": "ada"}, 422),
        ({"username": "ada", "password": 12345678}, 422),
        ([], 422),
    ],
)
def test_weak_or_malformed_registrations(server, body, status):
    refused = server.client().post("/register", body, status)
    assert refused.headers["content-type"] == "application/problem+json"


def test_unknown_user_and_wrong_password_look_alike(server):
    server.user("known")
    wrong = server.client().post("/login", credentials("known", "wrong horse battery"), 401)
    unknown = server.client().post("/login", credentials("nobody", "wrong horse battery"), 401)
    for answer in (wrong, unknown):
        answer.same = {k: v for k, v in answer.json.items() if k != "instance"}
    assert wrong.same == unknown.same


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c"])
def test_without_a_good_token(server, token):
    client = server.client(token)
    refused = client.get("/jobs", 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_changed_token_is_refused(server):
    client = server.user("mallory")
    head, body, signature = client.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["role"] = "admin"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for token in (f"{head}.{forged}.{signature}", f"{none}.{body}.", f"{none}.{body}.{signature}"):
        client.token = token
        client.get("/jobs", 401)


def test_refresh_rotates_and_reuse_ends_the_family(server):
    server.user("rita")
    client = server.login("rita")
    first = client.refresh_token
    second = client.post("/refresh", {"refresh_token": first}, 200).json
    client.post("/refresh", {"refresh_token": first}, 401)
    client.post("/refresh", {"refresh_token": second["refresh_token"]}, 401)


def test_logout_outlives_a_restart(folder):
    server = Server(folder)
    with server:
        server.user()
        client, other = server.login(), server.login()
        assert client.post("/logout", None, 200).json["message"] == "Successfully logged out."
        client.get("/jobs", 401)
        other.get("/jobs")
        assert server.stop() == 0
    with server:
        server.client(client.token).get("/jobs", 401)
        server.client(other.token).get("/jobs")
        again = server.login()
        again.post("/logout?everywhere=true", None, 200)
        for token in (other.token, again.token):
            server.client(token).get("/jobs", 401)


def test_every_route_by_every_role(server):
    """Derived from the document: who may not is told so, before anything else is looked at."""
    document = server.client().get("/openapi.json").json
    reader = server.user("reader1")
    root = server.user("root")
    assert root.get("/version").status == 200
    # Roles are changed by the command line, which works while the server runs.
    muster = Server(server.folder)
    done = subprocess.run(
        [muster.command[0], "users", "role", "reader1", "reader"],
        cwd=server.folder, env=muster.env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    end = time.monotonic() + FACTS_S
    while reader("GET", "/jobs").status != 401:  # the tokens of before are refused
        assert time.monotonic() < end
    reader = server.login("reader1")
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            target = path.replace("{key}", "1").replace("{id}", "1").replace("{file}", "x")
            anonymous = server.client()(method.upper(), target)
            public = operation["security"] == []
            assert (anonymous.status == 401) == (not public) or path in ("/login", "/refresh"), path
            if operation.get("x-role") == "writer":
                refused = reader(method.upper(), target)
                assert refused.status == 403, (path, refused)
                tried += 1
    assert tried >= 6


def test_throttling_does_not_lock_others_out(folder):
    with Server(folder) as server:
        server.user("victim")
        for _ in range(30):
            answer = server.client().post("/login", credentials("other", "wrong horse battery"))
            if answer.status == 429:
                break
        assert answer.status == 429
        assert int(answer.headers["retry-after"]) >= 1


def test_weak_configuration_does_not_start(folder):
    server = Server(folder, env={"MUSTER_JWT_SECRET": "short"})
    done = subprocess.run(
        server.command, cwd=folder, env=server.env, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "32" in done.stderr
