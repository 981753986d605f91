"""The one file that a form brings."""

from starlette.datastructures import UploadFile

from desk.errors import bad_form
from desk.session import Form


async def upload_of(form: Form, name: str, most: int) -> tuple[str, bytes]:
    """How it is called, without folders, and what is in it. Raises PageError."""
    file = form.data.get(name)
    if not isinstance(file, UploadFile) or not file.filename:
        raise bad_form("Choose a file first.")
    try:
        data = await file.read(most + 1)
    finally:
        await file.close()
    if len(data) > most:
        raise bad_form(f"The file has more than {most // 1024} KB.")
    called = file.filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in called if char.isprintable())[:100] or "file", data
