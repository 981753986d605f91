"""Looks at a page as a person would, on a phone and on a desktop, light and dark."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "reports" / "screenshots"
SIZES = {"phone": (360, 740), "desktop": (1280, 860)}


async def look(page: Page, name: str, *, dark: bool = False) -> None:
    """Keeps a screenshot per size, and refuses barriers and anything wider than the window."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    source = AXE.read_text(encoding="utf-8")
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        await page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png", full_page=size == "phone")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, size)
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(source)
        assert await _barriers(page) == [], (name, size)
    if dark:
        await page.emulate_media(color_scheme="dark")
        await page.screenshot(path=SCREENSHOTS / f"{name}-dark.png")
        assert await _barriers(page) == [], (name, "dark")
        await page.emulate_media(color_scheme="light")


async def _barriers(page: Page) -> list[dict[str, Any]]:
    """What axe finds serious or critical, with the elements that it is about."""
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        {"rule": violation["id"], "where": [node["html"] for node in violation["nodes"]]}
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
