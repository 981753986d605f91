"""`python -m records`: make the database, invite students, and read what was recorded."""

import logging

import typer

from records import (
    auditing,
    exporting_door,
    inviting,
    inviting_class,
    listening,
    reading,
    upkeep,
    verifying,
)

app = typer.Typer(
    help="Make the database, invite students, and read what was recorded.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (
    upkeep,
    inviting,
    inviting_class,
    reading,
    exporting_door,
    listening,
    verifying,
    auditing,
):
    app.add_typer(commands.app)

if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    app()
