"""There is always an admin who can log in: the last one is neither demoted nor disabled."""

import json

import pytest
from api import PASSWORD

LAST = {"role": ("users", "role", "root", "writer"), "disable": ("users", "disable", "root")}


@pytest.fixture
def users(sample):
    sample("users", "add", "root", "--role", "admin", input=PASSWORD + "\n")
    sample("users", "add", "ada", "--role", "writer", input=PASSWORD + "\n")
    return sample


def admins(muster):
    listed = json.loads(muster("users", "list", "--json").stdout)
    return [user["name"] for user in listed if user["role"] == "admin" and not user["disabled"]]


@pytest.mark.parametrize("what", LAST)
def test_the_last_admin_stays(users, what):
    refused = users(*LAST[what], check=2)
    assert "root" in refused.stderr
    assert "admin" in refused.stderr
    assert admins(users) == ["root"]


@pytest.mark.parametrize("what", LAST)
def test_a_disabled_admin_does_not_count(users, what):
    users("users", "role", "ada", "admin")
    users("users", "disable", "ada")
    users(*LAST[what], check=2)
    assert admins(users) == ["root"]


@pytest.mark.parametrize("what", LAST)
def test_one_of_two_admins_may_go(users, what):
    users("users", "role", "ada", "admin")
    users(*LAST[what])
    assert admins(users) == ["ada"]


@pytest.mark.parametrize("words", [("role", "root", "admin"), ("enable", "root")])
def test_what_keeps_the_last_admin_is_no_matter(users, words):
    users("users", *words)
    assert admins(users) == ["root"]


def test_others_are_no_matter(users):
    users("users", "role", "ada", "reader")
    users("users", "disable", "ada")
    assert admins(users) == ["root"]
