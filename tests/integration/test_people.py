"""People at the real binary: the one-time link, logins, roles, the second browser, the audit log, the way back in."""
import base64, hashlib, hmac, json, re, struct, time
from lib import *

PASSWORD = "correcto caballo"


class Browser:
    """Keeps a cookie and the CSRF token, as a page does."""

    def __init__(self, box):
        self.box, self.cookie, self.csrf = box, None, ""

    def call(self, method, path, body=None, csrf=True):
        headers = {"Sec-Fetch-Site": "same-origin"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if csrf and self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        a = http_call(self.box.main, method, path, body, headers)
        if a.headers.get("Set-Cookie"):
            self.cookie = a.headers["Set-Cookie"].split(";")[0]
        if a.body.startswith(b"{"):
            self.csrf = json.loads(a.body).get("csrf", self.csrf)
        return a

    def login(self, login, password=PASSWORD, **more):
        return self.call("POST", "/api/v1/session", {"login": login, "password": password, **more})


def owner(b):
    link = b.cli("user", "add", "ana", "--role", "owner", "--name", "Ana Díaz")
    token = re.search(r"invitation=(\S+)", link).group(1)
    ana = Browser(b)
    equal(ana.call("POST", "/api/v1/invitation", {"token": token, "password": PASSWORD}).status, 200, "the link")
    return ana


def test_people_come_in_by_links_and_out_again():
    with Box() as b:
        ana = owner(b)
        equal(ana.call("GET", "/api/v1/session").json["user"]["role"], "owner")
        made = ana.call("POST", "/api/v1/users", {"login": "beto", "role": "agent", "password": PASSWORD})
        equal(made.status, 201, made.body)
        beto = Browser(b)
        equal(beto.login("beto", "wrong password").status, 401)
        equal(beto.login("beto").status, 200)
        equal(beto.call("GET", "/api/v1/users").status, 403, "not for agents")
        equal(beto.call("PATCH", "/api/v1/me", {"language": "pt"}, csrf=False).status, 403, "no CSRF token")
        equal(beto.call("PATCH", "/api/v1/me", {"language": "pt"}).status, 200)
        equal(b.cli("user", "disable", "beto").split()[0], "beto")
        equal(beto.call("GET", "/api/v1/me").status, 401, "at once")
        equal(beto.login("beto").status, 401)
        b.cli("user", "enable", "beto")
        b.cli("user", "reset-password", "beto", "--password", "-", stdin="otra palabra larga\n")
        equal(beto.login("beto", "otra palabra larga").status, 200)
        rows = ana.call("GET", "/api/v1/audit?limit=100").json["data"]
        actions = [r["action"] for r in rows]
        for wanted in ("users.create", "users.change", "users.reset", "session.create", "session.refused", "invitation.create"):
            assert wanted in actions, (wanted, actions)
        assert ana.call("GET", "/api/v1/audit/verify").json["whole"]
        assert "audit log" in b.cli("prove")
        equal(PASSWORD in b.log() or "otra palabra" in b.log(), False, "no password in the log")


def totp(secret, at):
    key = base64.b32decode(secret)
    mac = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    o = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[o:o + 4])[0] & 0x7FFFFFFF) % 1000000)


def test_people_second_factor_and_the_way_back():
    with Box() as b:
        ana = owner(b)
        secret = ana.call("POST", "/api/v1/me/totp", {"password": PASSWORD}).json["secret"]
        codes = ana.call("POST", "/api/v1/me/totp/confirm", {"code": totp(secret, time.time())}).json["recovery_codes"]
        other = Browser(b)
        assert "code-needed" in other.login("ana").json["type"]
        equal(other.login("ana", code=codes[0]).status, 200, "a recovery code")
        equal(Browser(b).login("ana", code=codes[0]).status, 401, "once")
        b.cli("user", "reset-totp", "ana")
        equal(Browser(b).login("ana").status, 200, "without")


def test_people_see_each_other():
    with Box() as b:
        ana = owner(b)
        b.hook(meta_hook("595981000001", "hola"))
        b.wait_idle()
        one = ana.call("GET", "/api/v1/conversations").json["data"][0]
        stream = b.stream()
        for _ in range(50):  # the stream joins a moment after its head
            equal(ana.call("POST", f"/api/v1/conversations/{one['id']}/presence", {"state": "typing"}).status, 200)
            if "presence" in stream.passing:
                break
            time.sleep(0.1)
        assert "presence" in stream.passing, stream.passing
        wait_until(lambda: "queue" in stream.passing, what="how the queues stand")
        equal(ana.call("POST", f"/api/v1/conversations/{one['id']}/read", {}).status, 200)
        wait_until(lambda: "conversation" in stream.kinds(), what="read elsewhere")
        wait_until(lambda: ana.call("GET", "/api/v1/messages/search?q=hola").json["data"], what="found")
        inbound = next(m for m in b.messages() if m["direction"] == "inbound")
        story = ana.call("GET", f"/api/v1/messages/{inbound['id']}/timeline").json["data"]
        assert {"webhook", "stored"} <= {e["what"] for e in story}, story
        stream.close()


def test_people_first_run_tells_what_is_wrong():
    with Box() as b:
        ana = owner(b)
        for step in ("whatsapp", "chatwoot", "n8n", "url"):
            equal(ana.call("POST", f"/api/v1/setup/test/{step}", {}).status, 202)

        def steps():
            return {s["step"]: s for s in ana.call("GET", "/api/v1/setup?lang=en").json["steps"]}

        wait_until(lambda: not any(s["state"] == "testing" for s in steps().values()), what="all tests ran")
        found = steps()
        equal(found["url"]["state"], "todo", found["url"])
        for s in found.values():
            assert s["state"] in ("ok", "failed", "todo", "waiting"), s
            assert s["step"] == "company" or s.get("text"), s


def test_people_first_run_dead_peer():
    with Box(settings={"n8n.main.url": "http://127.0.0.1:1/webhook/x"}) as b:
        ana = owner(b)
        ana.call("POST", "/api/v1/setup/test/n8n", {})

        def n8n():
            return next(s for s in ana.call("GET", "/api/v1/setup?lang=es").json["steps"] if s["step"] == "n8n")

        wait_until(lambda: n8n().get("code") == "UNREACHABLE", what="not reached")
        assert n8n()["text"].startswith("No se puede llegar a 127.0.0.1:1"), n8n()
