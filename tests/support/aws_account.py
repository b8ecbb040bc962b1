"""An account of AWS on loopback: moto, which knows nothing of muster and checks signatures by the
code of Amazon's own library."""

import json
import subprocess
import sys
import urllib.request

import boto3
from s3 import KEY, REGION, SECRET, Client, await_answer, environment, free_port

ANYBODY = {"AWS": "*"}


def policy(actions, **more):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions} | more],
    })  # fmt: skip


class Account(Client):
    def __init__(self, folder):
        super().__init__(free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "moto.log", "w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=self.log, stderr=self.log,
        )  # fmt: skip
        await_answer(
            self.process, folder / "moto.log", lambda: self.request("GET", "/moto-api/")[0] == 200
        )

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def service(self, name):
        return boto3.client(
            name, endpoint_url=self.url, region_name=REGION,
            aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        )  # fmt: skip

    def environment(self, **more):
        return environment(self.port, **more)

    def add_user(self, name, actions):
        """Its access key and the secret of it."""
        iam = self.service("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(
            UserName=name, PolicyName="own", PolicyDocument=policy(actions, Resource="*")
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def add_role(self, name, actions, trusted=ANYBODY):
        """Its ARN."""
        iam = self.service("iam")
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=policy(["sts:AssumeRole"], Principal=trusted),
        )
        iam.put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=policy(actions, Resource="*")
        )
        return made["Role"]["Arn"]

    def seal(self):
        """From now on signatures are checked, and each call against the policies of who calls."""
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()
