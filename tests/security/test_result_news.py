"""What POST /invitation tells of an exam that is over: how far the result is, and nothing of it."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from tests.security.school import School

pytestmark = pytest.mark.unit

URL = "http://127.0.0.1:8010/result"


def test_of_an_exam_that_was_not_taken_nothing(school: School) -> None:
    token = school.invite()
    assert set(school.look(token).json()) == {"page"}
    school.join(token)
    assert set(school.look(token).json()) == {"page"}


@pytest.mark.parametrize(("attempts", "can_join"), [(1, False), (2, True)])
def test_after_it_where_the_result_will_be(school: School, attempts: int, can_join: bool) -> None:
    token = school.invite(attempts=attempts)
    school.join(token)
    school.finish()
    told = school.look(token).json()
    assert told["result"] == {"state": "not_marked", "can_join": can_join}
    assert told["result_url"] == URL


def test_an_expired_link_leads_to_the_result_and_a_withdrawn_one_nowhere(school: School) -> None:
    school.start("bob")
    school.finish()
    late = school.invite(expires_in=timedelta(days=-1), attempts=3)
    assert school.look(late).json()["result"] == {"state": "not_marked", "can_join": False}
    with closing(sqlite3.connect(school.database)) as connection, connection:
        connection.execute("UPDATE invitations SET revoked_at = '2026-01-01 00:00:00'")
    answer = school.look(late)
    assert answer.status_code == 401
    assert "result" not in answer.text


def test_of_another_students_exam_nothing(school: School) -> None:
    school.start("ann")
    school.finish()
    assert set(school.look(school.invite("bob")).json()) == {"page"}
