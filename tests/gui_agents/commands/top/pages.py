"""Pages for tests of `top`, written by hand."""

from collectors.scraping.scraped import Scraped


def a_page(**samples):
    """Return a page with an uptime, unless it is None, and with these numbers of tasks by status."""
    uptime = samples.pop("uptime", 100.0)
    lines = [] if uptime is None else [f"agent_service_uptime_seconds {uptime}"]
    lines += [f'agent_tasks_created_total{{status="{status}"}} {number}' for status, number in samples.items()]
    return Scraped.parse("\n".join(lines) + "\n")
