"""A very small web browser: HTTPS, cookies, links and forms as the pages have them. It speaks from
inside a namespace, as the owner's own computer would, and knows nothing of the cloud's internals."""
import base64
import html.parser
import http.client
import http.cookies
import socket
import ssl
import urllib.parse


class Form:
    def __init__(self, attributes):
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.fields = {}
        self.buttons = []  # (name, value, text)

    def button(self, word):
        for name, value, text in self.buttons:
            if word.lower() in (text + " " + (value or "")).lower():
                return name, value
        raise AssertionError("no button '%s' among %s" % (word, self.buttons))


class _Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.forms, self.text, self._button, self._hidden, self._area = [], [], None, False, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "style":
            self._hidden = True
        elif tag == "form":
            self.forms.append(Form(a))
        elif tag == "input" and self.forms:
            kind = (a.get("type") or "text").lower()
            if kind in ("radio", "checkbox") and "checked" not in a:
                pass
            elif kind == "submit":
                self.forms[-1].buttons.append((a.get("name"), a.get("value"), a.get("value") or ""))
            elif a.get("name"):
                self.forms[-1].fields[a["name"]] = a.get("value") or ""
        elif tag == "textarea" and self.forms and a.get("name"):
            self._area = a["name"]
            self.forms[-1].fields[self._area] = ""
        elif tag == "button" and self.forms:
            self._button = [a.get("name"), a.get("value"), ""]

    def handle_endtag(self, tag):
        if tag == "style":
            self._hidden = False
        elif tag == "textarea":
            self._area = None
        elif tag == "button" and self._button and self.forms:
            self.forms[-1].buttons.append(tuple(self._button))
            self._button = None

    def handle_data(self, data):
        if self._area:
            self.forms[-1].fields[self._area] += data
        if self._button:
            self._button[2] += data.strip()
        if not self._hidden:
            self.text.append(data)


class Browser:
    def __init__(self, ns, origin, address, ca):
        """origin: what the address bar says; address: (host, port) where it is reached."""
        self.ns, self.origin, self.address = ns, origin, address
        self.context = ssl.create_default_context(cafile=ca)
        self.cookies = {}
        self.url, self.status, self.html, self.page = "", 0, "", None

    def _exchange(self, method, path, body, more=()):
        host = urllib.parse.urlsplit(self.origin)
        if self.ns is None:
            raw = socket.create_connection(self.address, 10)
        else:
            with self.ns.entered():
                raw = socket.create_connection(self.address, 10)
        connection = http.client.HTTPConnection(host.netloc)
        connection.sock = self.context.wrap_socket(raw, server_hostname=host.hostname)
        headers = {"Host": host.netloc, "Accept": "text/html"}
        headers.update(more)
        if self.cookies:
            headers["Cookie"] = "; ".join("%s=%s" % pair for pair in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = self.origin
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for line in answer.headers.get_all("Set-Cookie") or []:
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[name]
            return answer, text
        finally:
            connection.close()

    def basic(self, path, user, password):
        """What a program hears that has a user name and a password: (status, text)."""
        word = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
        answer, text = self._exchange("GET", path, None, {"Authorization": "Basic " + word, "User-Agent": "lab/1"})
        return answer.status, text.strip()

    def go(self, path, method="GET", body=None):
        """Opens a page of the cloud and follows redirects."""
        path = path[len(self.origin):] if path.startswith(self.origin) else path
        for _ in range(6):
            self.url = path
            answer, text = self._exchange(method, path, body)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            target = urllib.parse.urlsplit(urllib.parse.urljoin(self.origin + path,
                                                                answer.headers["Location"]))
            path = (target.path or "/") + ("?" + target.query if target.query else "")
            method, body = "GET", None
        self.status, self.html, self.page = answer.status, text, _Page(text)
        return self

    def form(self, needs=None, word=None, action=None):
        """The form that has the field `needs`, or a button saying `word`, or goes to the path `action`."""
        for form in self.page.forms:
            if action is not None and urllib.parse.urlsplit(form.action).path != action:
                continue
            if needs is not None and needs not in form.fields:
                continue
            if word is not None:
                try:
                    form.button(word)
                except AssertionError:
                    continue
            return form
        raise AssertionError("no form with field %s, button %s, action %s on %s (%d):\n%s"
                             % (needs, word, action, self.url, self.status, self.html[:3000]))

    def submit(self, form, word=None, **fields):
        values = dict(form.fields, **fields)
        if word is not None:
            name, value = form.button(word)
            if name:
                values[name] = value or ""
        action = urllib.parse.urljoin(self.url, form.action or self.url)
        text = urllib.parse.urlencode(values)
        if form.method == "get":
            return self.go(action.split("?")[0] + "?" + text)
        return self.go(action, "POST", text)

    def login(self, account, password):
        self.go("/login")
        form = self.form(needs="password")
        name = next(f for f in form.fields if f in ("login", "account", "user", "username", "email"))
        self.submit(form, **{name: account, "password": password})
        assert self.status == 200, "login: %d %s" % (self.status, self.html[:500])
        return self

    def open_nas(self, device):
        """The page of one NAS; signed in already."""
        self.go("/account/device?device_id=" + device)
        assert self.status == 200, "%d %s" % (self.status, self.html[:500])
        return self

    def approve(self, user_code, word="Allow"):
        """Enters the code as a person does, looks at which NAS asks, and allows (or denies) it.
        Returns the text of the page that named the NAS."""
        self.go("/device")
        self.submit(self.form(needs="user_code"), user_code=user_code)
        asked = " ".join(" ".join(self.page.text).split())
        self.submit(self.form(word=word), word=word)
        assert self.status == 200, "%s: %d %s" % (word, self.status, self.html[:500])
        return asked
