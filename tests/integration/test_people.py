"""People at the real binary: the one-time link, logins, roles, the second browser, the audit log, the way back in."""
import base64, contextlib, email.utils, hashlib, hmac, http.server, json, re, socket, ssl, struct, subprocess, threading, time
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


class _Late(http.server.BaseHTTPRequestHandler):
    """Answers as an active webhook of n8n does, with a clock that is an hour behind."""

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() - 3600, usegmt=True)

    def do_GET(self):
        body = b'{"message":"This webhook is not registered for GET requests. Did you mean to make a POST request?"}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def _pem(folder):
    """A certificate that nobody trusts: PEM.crt, PEM.key."""
    pem = folder + "/self"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", pem + ".key",
                    "-out", pem + ".crt", "-days", "30", "-subj", "/CN=127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    return pem


def _future(folder):
    """One that is good from 2090 on: what each is for a clock that is far behind. PEM.crt, PEM.key."""
    source = (ROOT / "tests/unit/tls_pair.h").read_text().split("TLS_FUTURE_PEM")[1]
    lines = re.findall(r'"(.*?)\\n"', source)
    pem, at = folder + "/future", lines.index("-----BEGIN PRIVATE KEY-----")
    for end, part in ((".crt", lines[:at]), (".key", lines[at:])):
        with open(pem + end, "w", encoding="ascii") as f:
            f.write("\n".join(part) + "\n")
    return pem


class _Says(http.server.BaseHTTPRequestHandler):
    """One answer to everything."""

    def do_GET(self):
        status, body = self.says
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def _serving(pem=None, says=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Late if says is None else type("Says", (_Says,), {"says": says}))
    if pem is not None:
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(pem + ".crt", pem + ".key")
        server.socket = c.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # who does not trust the certificate hangs up
    t = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    t.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        t.join()
        server.server_close()


def test_people_first_run_explains_troubles():
    """Each is provoked, recognized, and told in one sentence in three languages, all different."""
    given = {"n8n.main.url": None, "channel.main.phone_number_id": None, "channel.main.token": None, "channel.main.app_secret": None}
    with Box(settings=given) as b, _serving() as late:
        pem = _pem(b.dir)
        ana = owner(b)

        def found(step, lang="en"):
            return next(s for s in ana.call("GET", f"/api/v1/setup?lang={lang}").json["steps"] if s["step"] == step)

        def provoke(step, code, settings):
            a = ana.call("PATCH", "/api/v1/settings", settings)
            equal(a.status, 200, a.json)
            equal(ana.call("POST", f"/api/v1/setup/test/{step}", {}).status, 202)
            wait_until(lambda: found(step)["state"] != "testing", what=f"{step} was tested")
            said = [found(step, lang) for lang in ("en", "es", "pt")]
            equal([(s["code"], s["state"]) for s in said], [(code, "failed")] * 3, said)
            texts = [s["text"] for s in said]
            assert len(set(texts)) == 3 and all(len(t) > 40 and "{" not in t for t in texts), texts

        closed = socket.create_server(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        closed.close()
        n8n = f"http://127.0.0.1:{b.peers.port['n8n']}"
        with _serving(pem) as tls:
            provoke("n8n", "CERTIFICATE", {"n8n.main.url": f"https://127.0.0.1:{tls}/webhook/x"})
        with _serving(_future(b.dir)) as tls:
            provoke("n8n", "CLOCK_BY_CERTIFICATE", {"n8n.main.url": f"https://127.0.0.1:{tls}/webhook/x"})
            provoke("url", "CLOCK_BY_CERTIFICATE", {"public_url": f"https://127.0.0.1:{tls}"})
        provoke("n8n", "CLOCK_WRONG", {"n8n.main.url": f"http://127.0.0.1:{late}/webhook/x"})
        provoke("n8n", "NOT_ACTIVE", {"n8n.main.url": n8n + "/webhook/json404"})
        for answer, code in (((200, b"<html>Log in</html>"), "NOT_N8N"), ((404, b"<html>gone</html>"), "NOT_N8N"), ((302, b""), "NOT_N8N"),
                             ((200, b"n8n is starting up. Please wait"), "N8N_STARTING"), ((401, b"{}"), "N8N_REFUSES"),
                             ((403, b"<html>no</html>"), "N8N_REFUSES")):
            with _serving(says=answer) as other:
                provoke("n8n", code, {"n8n.main.url": f"http://127.0.0.1:{other}/webhook/x"})
        with _serving(says=(200, b"ok")) as other:
            provoke("url", "URL_FOREIGN", {"public_url": f"http://127.0.0.1:{other}"})
        provoke("url", "URL_OUTSIDE", {"public_url": f"http://127.0.0.1:{nobody}"})
        provoke("chatwoot", "PRIVATE_BLOCKED", {})
        provoke("whatsapp", "WRONG_APP_SECRET", {"channel.main.token": META_TOKEN, "channel.main.phone_number_id": PHONE_ID, "channel.main.app_secret": "wrong"})
        provoke("whatsapp", "WRONG_NUMBER_ID", {"channel.main.token": META_TOKEN, "channel.main.phone_number_id": "999999999999999"})
        provoke("whatsapp", "WRONG_TOKEN", {"channel.main.token": "not-this-one"})

        def works(step, settings):
            equal(ana.call("PATCH", "/api/v1/settings", settings).status, 200)
            equal(ana.call("POST", f"/api/v1/setup/test/{step}", {}).status, 202)
            wait_until(lambda: found(step)["state"] != "testing", what=f"{step} was tested")
            equal((found(step)["code"], found(step)["state"]), ("FINE", "ok"), found(step))

        works("url", {"public_url": f"http://127.0.0.1:{b.hooks}/"})
        works("n8n", {"n8n.main.url": n8n + "/webhook/echo"})


def test_people_test_one_part_and_not_the_first_of_its_kind():
    more = {"n8n.zeta.url": "http://127.0.0.1:1/webhook/x", "channel.tienda.provider": "meta", "channel.tienda.token": "not-this-one",
            "channel.tienda.phone_number_id": "106540352242999", "channel.tienda.app_secret": "another", "chatwoot.zz.url": "http://127.0.0.1:1",
            "chatwoot.zz.token": "x", "chatwoot.zz.account_id": "1", "chatwoot.zz.inbox_id": "1"}
    with Box(settings=more) as b:
        b.cli("config", "set", "channel.tienda.base_url", f"http://127.0.0.1:{b.peers.port['meta']}")
        ana = owner(b)

        def found(part):
            equal(ana.call("POST", f"/api/v1/setup/test/{part}", {}).status, 202, part)
            return wait_until(lambda: (lambda s: s if s["state"] != "testing" else None)(ana.call("GET", f"/api/v1/setup?lang=en&part={part}").json["part"]),
                              what=f"{part} was tested")

        for part, code in (("n8n.zeta", "UNREACHABLE"), ("n8n.main", "FINE"), ("channel.tienda", "WRONG_TOKEN"), ("channel.main", "FINE"),
                           ("chatwoot.zz", "UNREACHABLE"), ("chatwoot.chatwoot", "PRIVATE_BLOCKED"), ("n8n.zeta", "UNREACHABLE")):
            equal((found(part)["step"], found(part)["code"]), (part, code))
        steps = {s["step"]: s["state"] for s in ana.call("GET", "/api/v1/setup").json["steps"]}
        equal((steps["n8n"], steps["whatsapp"], len(steps)), ("todo", "todo", 7), "the first run is another matter")
        for nobody in ("n8n.nobody", "channel.", "lookup.x", "channel.main.token", "url.main"):
            equal(ana.call("POST", f"/api/v1/setup/test/{nobody}", {}).status, 404, nobody)


def test_people_first_run_explains_why_chatwoot_is_not_set_up():
    """By the box itself: dead, another program, a wrong token, a certificate, a broken server; in the reader's language."""
    given = {f"chatwoot.chatwoot.{k}": None for k in ("inbox_id", "secret", "url", "token")}
    with Box(settings=given, n8n=None) as b:
        there = f"http://127.0.0.1:{b.peers.port['chatwoot']}"

        def said(url, code, token="wrong-token"):
            body = {"url": url, "token": token, "webhook_base": f"http://127.0.0.1:{b.hooks}"}
            equal(b.api("POST", "/api/v1/chatwoot/chatwoot/setup", body).status, 202)

            def details():
                return [b.api("GET", "/api/v1/chatwoot/chatwoot", headers={"Accept-Language": lang}).json["detail"] for lang in ("en", "es", "pt")]
            texts = wait_until(lambda: (lambda d: d if all(d) else None)(details()), what=f"{code} was told")
            assert len(set(texts)) == 3, texts
            assert code in texts[1], (code, texts)

        with _serving(_pem(b.dir)) as tls:
            said(f"https://127.0.0.1:{tls}", "El certificado de 127.0.0.1")
        with _serving(_future(b.dir)) as tls:
            said(f"https://127.0.0.1:{tls}", "El reloj de esta caja está mal")
        said("http://127.0.0.1:1", "No se puede llegar a 127.0.0.1")
        with _serving(says=(200, b"<html>router</html>")) as other:
            said(f"http://127.0.0.1:{other}", "no es Chatwoot")
        with _serving(says=(404, b"<html>router</html>")) as other:
            said(f"http://127.0.0.1:{other}", "¿es esta su dirección?")
        with _serving(says=(502, b"<html>router</html>")) as other:
            said(f"http://127.0.0.1:{other}", "ahora no funciona")
        said(there, "El token no es aceptado")
