"""Other sites' pages get nothing out of the token API, and no page holds it in a frame."""

import httpx2
import pytest

from tests.security.school import BEARER, CONSENT, School

pytestmark = pytest.mark.unit

ELSEWHERE = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
PATHS = ["/start-exam-session", "/invitation", "/join", "/healthz", "/readyz", "/", "/none"]
PROTECTION = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def _is_closed(response: httpx2.Response) -> bool:
    """No browser hands this on to another site's page, nor shows it within one."""
    assert not [name for name in response.headers if name.startswith("access-control-")]
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "*" not in policy
    return all(response.headers[name] == value for name, value in PROTECTION.items())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_another_sites_page_may_read_nothing(school: School, path: str, method: str) -> None:
    headers = ELSEWHERE | BEARER
    assert _is_closed(school.client.request(method, path, headers=headers, content=b"{}"))


@pytest.mark.parametrize("path", PATHS)
def test_no_browser_is_allowed_to_send_a_key_from_another_site(school: School, path: str) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    preflight = school.client.options(path, headers=ELSEWHERE | asked)
    assert preflight.status_code == 405
    assert _is_closed(preflight)


def test_errors_are_protected_as_well(school: School) -> None:
    school.livekit.down = True
    for response in (
        school.start("ann"),
        school.start("ann", {}),
        school.client.post("/join", content=b"x" * 100_000),
        school.client.post("/join", json={"invitation": "x", "consent": CONSENT}),
    ):
        assert response.status_code >= 400
        assert _is_closed(response)


def test_tokens_are_kept_by_no_cache(school: School) -> None:
    for response in (school.start("ann"), school.join(school.invite()), school.join("none")):
        assert response.headers["cache-control"] == "no-store"


def test_no_cookie_is_set(school: School) -> None:
    """So no browser sends anything by itself that a request could be forged with."""
    for response in (school.client.get("/"), school.start("ann"), school.join("none")):
        assert "set-cookie" not in response.headers
