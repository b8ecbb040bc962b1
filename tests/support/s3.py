"""S3 servers on loopback for tests, and a client of their own that shares no code with muster."""

import contextlib
import datetime
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
PINS = ROOT / "tests" / "support" / "s3server"
START_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(port, **more):
    """What muster needs to find the server; nothing of the developer's own AWS settings."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "MUSTER"))}
    return kept | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    } | more


def go_version():
    found = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in found.stdout.strip().removeprefix("go").split(".")[:2])


@contextlib.contextmanager
def recent_go(folder):
    """A go that can build the server: the system's, else one from the pins, for the while."""
    wanted = re.search(r"^go (\d+)\.(\d+)", (PINS / "go.mod").read_text(), re.M)
    if go_version() >= tuple(map(int, wanted.groups())):
        yield "go"
        return
    fetched = subprocess.run(
        ["go", "mod", "download", "-json", "golang.org/toolchain"], cwd=PINS / "toolchain",
        env=os.environ | {"GOFLAGS": "-mod=mod"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    # A module comes without its executable bits.
    root = folder / "go"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(json.loads(fetched.stdout)["Dir"], root, copy_function=shutil.copyfile)
    subprocess.run(["chmod", "-R", "u+rwX", root], check=True)
    for program in [*root.glob("bin/*"), *root.glob("pkg/tool/*/*")]:
        program.chmod(0o755)
    try:
        yield root / "bin" / "go"
    finally:
        shutil.rmtree(root)


def gateway_program():
    """versitygw, built once from the pins in tests/support/s3server."""
    pins = b"".join((PINS / name).read_bytes() for name in ("go.mod", "go.sum", "tools.go"))
    folder = ROOT / "build" / "s3server" / hashlib.sha256(pins).hexdigest()[:16]
    program = folder / "versitygw"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            with recent_go(folder) as go:
                subprocess.run(
                    [go, "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w",
                     "-o", f"{program}.new", "github.com/versity/versitygw/cmd/versitygw"],
                    cwd=PINS, check=True, timeout=1200,
                )  # fmt: skip
            os.rename(f"{program}.new", program)
    return program


def await_answer(process, log, answers):
    """Until `answers()` is true of a server that was just started; OSError: not yet."""
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError):
            if answers():
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"no answer; its log is {log}"
        time.sleep(0.05)


class Client:
    """Just enough of S3: path style, signature version 4."""

    def __init__(self, port, key=KEY, secret=SECRET):
        self.port, self.key, self.secret = port, key, secret

    def request(self, method, path, query="", body=b"", headers=None, now=None):
        now = now or datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        digest = hashlib.sha256(body).hexdigest()
        signed = {
            "host": f"127.0.0.1:{self.port}",
            "x-amz-content-sha256": digest,
            "x-amz-date": stamp,
        } | {name.lower(): value for name, value in (headers or {}).items()}
        path = urllib.parse.quote(path, safe="/-_.~")
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [method, path, query, *(f"{n}:{signed[n]}" for n in sorted(signed)), "", names, digest]
        )
        scope = f"{day}/{REGION}/s3/aws4_request"
        text = "\n".join(
            ["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}"
        )
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path + (f"?{query}" if query else ""), body, signed)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def good(self, *words, **options):
        status, headers, body = self.request(*words, **options)
        assert status < 300, (words[:2], status, body[:500])
        return headers, body

    def make_bucket(self, bucket):
        self.good("PUT", f"/{bucket}")

    def put(self, bucket, key, body):
        self.good("PUT", f"/{bucket}/{key}", body=body)

    def put_folder(self, bucket, prefix, folder):
        for file in sorted(pathlib.Path(folder).glob("*.csv*")):
            self.put(bucket, prefix + file.name, file.read_bytes())

    def get(self, bucket, key):
        return self.good("GET", f"/{bucket}/{key}")[1]

    def delete(self, bucket, key):
        self.good("DELETE", f"/{bucket}/{key}")

    def keys(self, bucket, prefix=""):
        found, token = [], ""
        while True:
            query = f"list-type=2&prefix={urllib.parse.quote(prefix, safe='-_.~')}"
            if token:
                query = f"continuation-token={urllib.parse.quote(token, safe='-_.~')}&{query}"
            root = tree.fromstring(self.good("GET", f"/{bucket}", query=query)[1])
            space = root.tag.partition("}")[0] + "}"
            found += [node.text for node in root.iter(f"{space}Key")]
            token = root.findtext(f"{space}NextContinuationToken")
            if not token:
                return found

    def uploads(self, bucket):
        root = tree.fromstring(self.good("GET", f"/{bucket}", query="uploads=")[1])
        return [node for node in root.iter() if node.tag.endswith("}Upload")]


class Gateway(Client):
    """A versitygw over a folder. It checks signatures, as AWS does."""

    def __init__(self, folder):
        super().__init__(free_port())
        self.folder = pathlib.Path(folder)
        for name in ("objects", "sidecar", "iam"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.log = open(self.folder / "server.log", "w")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [gateway_program(), "--access", KEY, "--secret", SECRET, "--region", REGION,
             "--port", f"127.0.0.1:{self.port}", "--quiet", "--iam-dir", self.folder / "iam",
             "posix", "--sidecar", self.folder / "sidecar", self.folder / "objects"],
            stdout=self.log, stderr=self.log,
        )  # fmt: skip
        await_answer(
            self.process, self.folder / "server.log", lambda: self.request("GET", "/")[0] == 200
        )

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder / "objects", ignore_errors=True)

    def environment(self, **more):
        return environment(self.port, **more)

    def add_user(self, bucket, name, statements):
        """A user who may do in the bucket what the statements of the policy say: pairs of action
        and what follows the bucket's name in the resource. Its keys are NAME and NAME-secret."""
        subprocess.run(
            [gateway_program(), "admin", "--access", KEY, "--secret", SECRET, "--region", REGION,
             "--endpoint-url", f"http://127.0.0.1:{self.port}", "create-user",
             "--access", name, "--secret", f"{name}-secret", "--role", "user"],
            check=True, capture_output=True,
        )  # fmt: skip
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": [name], "Action": [action],
                 "Resource": f"arn:aws:s3:::{bucket}{rest}"}
                for action, rest in statements
            ],
        }  # fmt: skip
        self.good("PUT", f"/{bucket}", query="policy=", body=json.dumps(policy).encode())


if __name__ == "__main__":
    print(gateway_program())
