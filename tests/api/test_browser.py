"""The page in a real browser, against a real server on a free loopback port."""

import asyncio
from pathlib import Path

import pytest
from fastapi import Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from api.serve import serve
from ausguck.clock import SystemClock
from ausguck.desk.access_rows import Narrowing, NewKey
from ausguck.model import Kind
from ausguck.settings.tree import Api, Settings
from tests.api.city import City, populated, scratch_access

LOGIN_JS = (Path(__file__).parents[2] / "api" / "web" / "login.js").read_text()
FILL = """
new MutationObserver((_changes, observer) => {
  if (element("login").hidden) return;
  observer.disconnect();
  element("key").value = "KEY";
  element("login").requestSubmit();
}).observe(element("login"), { attributes: true });
"""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=4000",
    "--dump-dom",
)


async def _dom(address: str, profile: Path) -> str:
    browser = await asyncio.create_subprocess_exec(
        "chromium",
        *FLAGS,
        f"--user-data-dir={profile}",
        address,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return output.decode()


def logged_in(city: City, secret: str) -> list[str]:
    """Have the form filled in by a script of the test's; returns what is asked and refused."""
    refused: list[str] = []

    @city.app.middleware("http")
    async def filled(request: Request, pass_on: RequestResponseEndpoint) -> Response:
        response = await pass_on(request)
        if response.status_code >= 400:
            refused.append(request.url.path)
        if request.url.path != "/web/login.js":
            return response
        return Response(
            LOGIN_JS + FILL.replace("KEY", secret),
            media_type="text/javascript",
            headers={"Cache-Control": "no-store"},
        )

    return refused


def seen_with(new: NewKey, profile: Path) -> str:
    """The page's document for who logged in with such a key; nothing they ask is refused."""
    access = scratch_access()
    key = access.add_key(new, "test", SystemClock().now_ms())
    city = populated(SystemClock(), settings=Settings(api=Api(anonymous=())), access=access)
    refused = logged_in(city, key.secret)

    dom = seen(city, "?lang=en", profile)

    assert refused == []
    assert f'<span id="who">{new.name}</span>' in dom
    assert '<form id="login" hidden="">' in dom
    return dom


def seen(city: City, query: str, profile: Path) -> str:
    """The page's document once it has asked."""

    async def run() -> str:
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(50), asyncio.TaskGroup() as group:
            serving = group.create_task(
                serve(city.app, "127.0.0.1", 0, ready.set_result), name="serve"
            )
            dom = await _dom(f"http://127.0.0.1:{await ready}/{query}", profile)
            serving.cancel()
        return dom

    return asyncio.run(run())


def figure(dom: str, tile: str) -> str:
    """What a tile shows."""
    after = dom.split(f'id="{tile}"')[1].split(">")
    return after[2].split("<")[0]


@pytest.mark.browser
def test_the_page_shows_what_is_counted(tmp_path: Path) -> None:
    dom = seen(populated(SystemClock(), access=scratch_access()), "?lang=de", tmp_path)

    assert '<html lang="de">' in dom
    assert 'data-level="ok"' in dom
    assert "Alles läuft" in dom
    assert figure(dom, "count.buses") == "2"
    assert figure(dom, "count.silent") == "1"
    assert figure(dom, "count.stations") == "3"
    assert figure(dom, "count.empty") == "1"
    assert figure(dom, "count.full") == "1"
    assert figure(dom, "count.books") == "990"
    assert figure(dom, "count.letters") == "2"
    assert dom.count('href="/api/v1/buses/') == 3
    assert dom.count('href="/api/v1/stations/') == 3


@pytest.mark.browser
def test_old_data_looks_frozen(tmp_path: Path) -> None:
    clock = SystemClock()
    city = populated(clock, access=scratch_access())
    city.store.readings = [
        type(entry)(
            asset=entry.asset,
            observed_at_ms=entry.observed_at_ms - 3_600_000,
            received_at_ms=entry.received_at_ms - 3_600_000,
            boot_id=entry.boot_id,
            seq=entry.seq,
            digest=entry.digest,
            clock_suspect=False,
            values=entry.values,
        )
        for entry in city.store.readings
    ]

    dom = seen(city, "?lang=en", tmp_path)

    assert '<html lang="en">' in dom
    assert 'data-level="old"' in dom
    assert "No new data. What is shown below is old." in dom
    assert figure(dom, "count.buses") == "0"


@pytest.mark.browser
def test_strangers_see_a_form_for_a_key_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(api=Api(anonymous=()))
    city = populated(SystemClock(), settings=settings, access=scratch_access())

    dom = seen(city, "?lang=en", tmp_path)

    assert 'data-level="locked"' in dom
    assert "Not everybody may come in here." in dom
    assert '<form id="login">' in dom
    assert "0101" not in dom
    assert "<th" not in dom
    assert 'href="/api/v1/buses/' not in dom


@pytest.mark.browser
def test_the_form_takes_a_key_for_a_session(tmp_path: Path) -> None:
    """The page's own code logs in: a script of the test's only fills in the form."""
    access = scratch_access()
    key = access.add_key(NewKey(name="ada", scopes=("view",)), "test", SystemClock().now_ms())
    city = populated(SystemClock(), settings=Settings(api=Api(anonymous=())), access=access)
    logged_in(city, key.secret)

    dom = seen(city, "?lang=de", tmp_path)

    assert '<span id="who">ada</span>' in dom
    assert '<button type="button" id="logout" data-t="logout">Abmelden</button>' in dom
    assert 'data-level="ok"' in dom
    assert dom.count('href="/api/v1/buses/') == 3
    assert key.secret[12:] not in dom


@pytest.mark.browser
def test_a_planner_sees_the_lists_and_no_report(tmp_path: Path) -> None:
    dom = seen_with(NewKey(name="planner", scopes=("plan",)), tmp_path)

    assert 'data-level="ok"' in dom
    assert figure(dom, "count.buses") == "2"
    assert figure(dom, "count.stations") == "3"
    assert 'id="count.books"' not in dom
    assert 'href="/api/v1/deadletters"' not in dom
    assert dom.count('hidden="">Values left out') == 1
    assert dom.count('hidden="">Metrics of the program') == 1


@pytest.mark.browser
def test_what_is_not_for_an_admin_is_not_called_zero(tmp_path: Path) -> None:
    dom = seen_with(NewKey(name="root", scopes=("admin",)), tmp_path)

    assert 'id="count.buses"' not in dom
    assert 'id="count.silent"' not in dom
    assert dom.count("Not for this key.") == 1
    assert "has reported yet" not in dom
    assert figure(dom, "count.stations") == "3"
    assert figure(dom, "count.letters") == "2"
    assert 'href="/api/v1/deadletters"' in dom


@pytest.mark.browser
def test_what_a_key_is_narrowed_from_is_not_called_zero(tmp_path: Path) -> None:
    narrowing = Narrowing(kinds=(Kind.BUS,))
    dom = seen_with(NewKey(name="yard", scopes=("operate",), narrowing=narrowing), tmp_path)

    assert figure(dom, "count.buses") == "2"
    assert 'id="count.stations"' not in dom
    assert dom.count("Not for this key.") == 1
    assert "has reported yet" not in dom
    assert figure(dom, "count.letters") == "2"
    assert 'href="/api/v1/deadletters"' not in dom
