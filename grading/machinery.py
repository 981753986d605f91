"""Signs of a prompt or of a grader's result, as nobody says them in an answer."""

import re
from collections.abc import Iterable

_MACHINERY = re.compile(
    r"""\[(INST|SYSTEM|ADMIN)\].*?\[/\1\]
    | <(system|instructions?|assistant|admin|inst|prompt)\b[^>]*>.*?</\2>
    | </?\s*(?:system|assistant|user|inst|instructions?|answers?|transcript|student|said|data
        |grade|score|marks?|rubric|prompt|untrusted|end|result|points?|turn|examinee)\b[^<>]*>?
    | \[/?(?:INST|SYS|SYSTEM|END|ADMIN)[^\]]*\] | <\|[^|]*\|> | <</?SYS>> | <!--.*?(?:-->|$)
    | ["'“]\s*(?:marks?|score|points?|grade|covered|total|awarded|reached|quotes|state)\s*["'”]
      \s*[:=]
    | \b(?:marks|score|grade)\s*[:=]{1,2}\s*\d
    | ^\s*\#{2,}.*$ | ```.*?(?:```|\Z) | ^\s*(?:-{3,}|={3,}).*$
    | \{\{.*?\}\} | \$\{.*?\} | %\(\w+\)s""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_ENCLOSED = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\[[^\[\]]*\]")


def machinery(text: str) -> Iterable[tuple[int, int]]:
    """Where they stand, with the brackets around them."""
    for found in _MACHINERY.finditer(text):
        around = [
            one.span()
            for one in _ENCLOSED.finditer(text)
            if one.start() <= found.start() < one.end()
        ]
        yield from around or [found.span()]
