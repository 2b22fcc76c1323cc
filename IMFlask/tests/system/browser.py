"""A real browser for the tests of the page: Chromium, driven by Playwright."""

import shutil
import unittest
from urllib.parse import urlsplit

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

needs_browser = unittest.skipUnless(
    sync_playwright and CHROMIUM,
    "needs Chromium (on Debian: apt install chromium) and"
    " Playwright: pip install -r .ci/requirements.txt",
)


class BrowserTestCase(unittest.TestCase):
    """A test with a browser, whose pages may report no error and ask no other host.

    failures: what Chromium reports of the failures that a test provokes: `status of 400`.
    answers: what the page was answered.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.failures, self.answers = (), []

    def open(self, url, **context):
        """Return a new page at `url`, in a context of its own."""
        context = self.browser.new_context(**context)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(15_000)
        errors, hosts = [], set()

        def note_message(message):
            # A ping that takes too long on a busy machine is a 503, which the page just shows.
            is_health = message.location.get("url", "").endswith("/health/ready")
            if message.type in ("error", "warning") and not (is_health and "503" in message.text):
                errors.append(message.text)

        def check():
            unexpected = [
                error
                for error in errors
                if not error.startswith("Failed to load resource")
                or not any(failure in error for failure in self.failures)
            ]
            self.assertEqual(unexpected, [])
            self.assertEqual(hosts - {""}, {urlsplit(url).netloc})  # a blob has none

        self.addCleanup(check)
        page.on("console", note_message)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.on("response", lambda answer: self.answers.append(answer))
        page.goto(url)
        return page
