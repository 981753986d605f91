"""What can go wrong on a page, each told in a sentence."""


class PageError(Exception):
    """`status`: of HTTP; the message is for a person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def not_found() -> PageError:
    """Also for what is there and belongs to others: nobody learns the difference."""
    return PageError(404, "There is nothing here, or it is not yours to see.")


def bad_form(message: str) -> PageError:
    return PageError(400, message)


class SignInNeeded(Exception):  # noqa: N818 -- it is no failure
    """Nobody is signed in."""
