"""HTML of a question bank as the words it shows, and what it shows besides words."""

from html.parser import HTMLParser

_NOT_WORDS = {
    "img": "a picture",
    "svg": "a picture",
    "canvas": "a picture",
    "picture": "a picture",
    "audio": "a sound",
    "video": "a film",
    "iframe": "another page",
    "object": "an embedded object",
    "embed": "an embedded object",
    "applet": "an embedded object",
    "table": "a table",
    "input": "a form",
    "select": "a form",
    "math": "a formula in MathML",
}
_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_BREAKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "hr", "li", "ol", "p", "pre", "section", "td", "th", "tr", "ul"}
)


class Words(HTMLParser):
    """`shows`: what is no words; `lines`: the text, a line for each block; `items`: its list."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shows: str | None = None
        self._pieces: list[str] = []
        self._items: list[list[str]] = []
        self._in_item = False
        self._hidden = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    @property
    def items(self) -> list[str]:
        """The texts of its <li>, else of its lines."""
        listed = [" ".join("".join(each).split()) for each in self._items]
        lines = [" ".join(line.split()) for line in "".join(self._pieces).split("\n")]
        return [each for each in (listed if any(listed) else lines) if each]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        if tag in _NOT_WORDS and self.shows is None:
            self.shows = _NOT_WORDS[tag]
        if tag in _BREAKS:
            self._pieces.append("\n")
        if tag == "li":
            self._items.append([])
            self._in_item = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in _BREAKS:
            self._pieces.append("\n")
        if tag in ("li", "ol", "ul"):
            self._in_item = False

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self._pieces.append(data)
        if self._in_item:
            self._items[-1].append(data)


def words(text: str, shape: str) -> Words:
    """`shape`: Moodle's name for the format; what is no HTML is taken to the letter."""
    if shape in ("plain_text", "markdown"):
        plain = Words("")
        plain.handle_data(text)
        return plain
    return Words(text)
