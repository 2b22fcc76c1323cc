"""Takes the README's pictures of the page, light and dark: `python .ci/template/picture.py`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from tree import code_of, copied, environment

FOLDER = Path(__file__).parent


def main() -> None:
    """Run the app in a copy, send a request through its page, take the pictures."""
    with copied() as root:
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "run", "--no-reload", "--port", "0"],
            cwd=code_of(root),
            env=environment(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+", one) for one in server.stderr)))
            take(found.group())
        finally:
            server.terminate()
            server.communicate()


def take(url: str) -> None:
    """Take both pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 900, "height": 620})
            page.goto(url)
            form = page.locator("details", has_text="/sample/add").first
            form.wait_for()
            form.evaluate("element => { element.open = true }")
            for name, value in (("a", "1"), ("b", "2")):
                form.get_by_label(name, exact=True).fill(value)
            form.get_by_role("button", name="Send").click()
            form.get_by_role("status").filter(has_text=" ms, ").wait_for()
            form.evaluate("element => window.scrollTo(0, element.offsetTop - 90)")
            page.screenshot(path=str(FOLDER / f"page-{scheme}.png"))
        browser.close()


if __name__ == "__main__":
    main()
