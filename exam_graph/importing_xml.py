"""XML from strangers as elements that know their lines. No document type, entity or reference."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax import SAXException, SAXParseException  # nosec: only their names
from xml.sax.handler import ContentHandler  # nosec: the parser is defused
from xml.sax.xmlreader import AttributesImpl, Locator  # nosec: only their types

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parseString

MAX_DEPTH = 40
MAX_ELEMENTS = 200_000


@dataclass
class Element:
    """An element with its own text; what stands between its children is joined to it."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def find(self, *path: str) -> "Element | None":
        """The first of that path of tags."""
        here: Element | None = self
        for tag in path:
            here = next(here.every(tag), None) if here else None
        return here

    def every(self, tag: str) -> Iterator["Element"]:
        return (child for child in self.children if child.tag == tag)

    def told(self, *path: str) -> str:
        """The text of the first of that path, stripped; "" without one."""
        found = self.find(*path)
        return found.text.strip() if found else ""


class XmlError(Exception):
    """`line`, and a reason that ends a sentence."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def parse(data: bytes) -> Element:
    """The root. Raises XmlError."""
    tree = _Tree()
    try:
        parseString(data, tree, forbid_dtd=True)
    except DefusedXmlException:
        reason = "it has a document type or entities of its own, which are not read"
        raise XmlError(tree.line, reason) from None
    except SAXParseException as error:
        line = error.getLineNumber() or tree.line
        raise XmlError(line, f"it is not well-formed XML: {error.getMessage()}") from None
    except (SAXException, LookupError, ValueError, UnicodeError) as error:
        # An encoding that is not known, or that the bytes do not keep to.
        raise XmlError(tree.line, f"it cannot be read: {error}") from None
    if tree.root is None:
        raise XmlError(1, "it is empty")
    return tree.root


class _Tree(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self._locator: Locator | None = None

    @property
    def line(self) -> int:
        try:
            return (self._locator.getLineNumber() if self._locator else None) or 1
        except AttributeError:
            # The parser is gone.
            return 1

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802  (its name in SAX)
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise XmlError(self.line, "it is nested too deeply")
        if self._count > MAX_ELEMENTS:
            raise XmlError(self.line, f"it has more than {MAX_ELEMENTS:,} elements")
        element = Element(name, dict(attrs.items()), self.line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._open.pop()

    def characters(self, content: str) -> None:
        self._open[-1].pieces.append(content)
