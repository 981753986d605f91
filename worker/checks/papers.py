"""Whether the papers are valid, and published as they are."""

from exam_graph.loading import PaperError, load, paper_files
from records.errors import RecordsError
from records.store import Records
from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.settings import DoctorSettings

NAME = "papers"


async def check_papers(settings: DoctorSettings) -> list[Finding]:
    files = paper_files(settings.papers_dir) if settings.papers_dir.is_dir() else []
    if not files:
        return [
            failed(
                NAME,
                f"there is no paper in {settings.papers_dir}.",
                "Set PAPERS_DIR to the folder with your papers.",
            )
        ]
    papers, found = {}, []
    for file in files:
        try:
            paper = load(file)
        except PaperError as error:
            found.append(failed(NAME, str(error.problems[0]), f"python -m exam_graph check {file}"))
        else:
            papers[paper.id] = paper.content_hash
    try:
        records = await Records.open(settings.database_url)
        try:
            published = {paper.exam_id: paper.hash for paper in await records.papers()}
        finally:
            await records.close()
    except RecordsError:
        return [*found, unchecked(NAME, "not known whether they are published: no database.")]
    if late := [name for name, content in papers.items() if published.get(name) != content]:
        found.append(
            failed(
                NAME,
                f"not published as they are now: {', '.join(late)}.",
                "python -m worker publish (a worker does it too when it starts).",
            )
        )
    return found or [ok(NAME, f"valid and published: {', '.join(papers)}.")]
