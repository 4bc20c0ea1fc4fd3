"""The cloud's dyndns2 door (`/nic/update`), as its owner and its operator see it."""
import re
import sqlite3
import urllib.parse

from lab.cloud import ACCOUNT, PASSWORD


def press(world, path, **fields):
    """A button on the page of the NAS; returns the page that comes next."""
    browser = world.cloud.browser().login(ACCOUNT, PASSWORD)
    device = world.device_id()
    browser.go("/account/device?device_id=" + device)
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.html).group(1)
    browser.go(path, "POST", urllib.parse.urlencode({"csrf": csrf, "device_id": device, **fields}))
    assert browser.status == 200, (path, browser.status, browser.html[:2000])
    return browser.html


def token(world):
    """As the owner makes one."""
    return re.search(r'id="token">([^<]+)<', press(world, "/account/token", action="make")).group(1)


def asked(world):
    """How often the door was asked, and what it answered: [status], by the cloud's own log."""
    database = sqlite3.connect("file:%s?mode=ro" % world.cloud.database, uri=True, timeout=10)
    try:
        return [row[0] for row in database.execute("SELECT status FROM access_log WHERE route = '/nic/update' ORDER BY rowid")]
    finally:
        database.close()
