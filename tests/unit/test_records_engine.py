"""How each database is reached, by what DATABASE_URL says."""

import pytest

from records.engine import parse, postgres_arguments, postgres_url
from records.errors import RecordsUnavailable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_name_of_postgres_is_postgres(scheme: str) -> None:
    url = parse(f"{scheme}://ann:pass%2Fword@db.example:5433/voxam?sslmode=require")
    assert url.drivername == "postgresql"
    assert (url.password, url.port, url.query) == ("pass/word", 5433, {"sslmode": "require"})


def test_a_database_of_another_kind_is_refused() -> None:
    with pytest.raises(RecordsUnavailable, match="sqlite:///"):
        parse("mysql://localhost/voxam")


def test_a_statement_of_postgres_has_its_time() -> None:
    options = postgres_arguments(parse("postgresql://db/voxam"))["options"]
    assert "statement_timeout=" in options
    assert "idle_in_transaction_session_timeout=" in options


def test_what_the_address_says_wins() -> None:
    arguments = postgres_arguments(parse("postgresql://db/voxam?connect_timeout=60&options=-cx=1"))
    assert "connect_timeout" not in arguments
    assert "options" not in arguments


def test_behind_pgbouncer_nothing_outlives_a_transaction() -> None:
    url = parse("postgresql://db/voxam?pgbouncer=true&sslmode=require")
    arguments = postgres_arguments(url)
    assert arguments["prepare_threshold"] is None
    assert "options" not in arguments
    assert postgres_url(url).query == {"sslmode": "require"}
