"""From the box to Chatwoot: files byte for byte and once, the set-up against servers old and new; the real binary."""
import http.server, ipaddress, os, socket, struct, subprocess, threading, zlib
from lib import *

CUSTOMER = "34600000001"


def png(width=40):
    raw = b"".join(b"\0" + os.urandom(width * 3) for _ in range(width))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def customer_sends(b, data, caption):
    """The file is at Meta, its webhook comes."""
    f = http_call(b.peers.port["meta"], "POST", "/_double/file?mime=image/png", data).json
    image = {"id": f["id"], "mime_type": "image/png", "sha256": f["sha256"], "caption": caption}
    b.peers.say("meta", **{"from": CUSTOMER, "message": {"type": "image", "image": image}})


def in_chatwoot(b, conversation=1):
    a = http_call(b.peers.port["chatwoot"], "GET", f"/api/v1/accounts/1/conversations/{conversation}/messages?after=0",
                  headers={"api_access_token": CHATWOOT_TOKEN})
    return (a.json or {}).get("payload", [])


def file_of(b, m):
    url = m["attachments"][0]["data_url"].split(str(b.peers.port["chatwoot"]), 1)[1]
    a = http_call(b.peers.port["chatwoot"], "GET", url)
    equal(a.status, 302, "a redirect first")
    return http_call(b.peers.port["chatwoot"], "GET", a.headers["Location"]).body


def test_files_are_in_chatwoot_byte_for_byte_and_once():
    """A customer's picture, and one that the API sends; Chatwoot answers half of the posts late, events come twice."""
    with Box(n8n=None) as b:
        b.peers.options("chatwoot", duplicate_percent=50, webhook_first=1)
        theirs, ours = png(), png()
        customer_sends(b, theirs, "*olha*")
        wait_until(lambda: len(in_chatwoot(b)) == 1, what="the customer's picture")
        up = b.api("POST", "/api/v1/media?filename=oferta.png", ours, headers={"Content-Type": "image/png"})
        equal(up.status, 201, up)
        b.post("/api/v1/messages", {"to": CUSTOMER, "type": "image", "image": {"media_id": up.json["id"], "caption": "a oferta"}}, status=202)
        wait_until(lambda: len(in_chatwoot(b)) == 2, what="the API's picture")
        b.wait_idle()
        first, second = in_chatwoot(b)
        equal((first["content"], first["message_type"], len(first["attachments"])), ("**olha**", 0, 1))
        equal((second["content"], second["message_type"], second["content_attributes"]["source"]), ("a oferta", 1, "crm_mirror"))
        equal(file_of(b, first), theirs, "byte for byte")
        equal(file_of(b, second), ours, "byte for byte")
        equal(second["attachments"][0]["file_name"], "oferta.png")
        wait_until(lambda: in_chatwoot(b)[1]["status"] in ("sent", "delivered", "read"), what="its state")
        equal(b.peers.state("chatwoot")["doubled"], 0)
        equal(b.peers.state("meta")["accepted"], 1, "nothing came back out")
        equal(b.dead_letters(), [])


def set_up(b, **more):
    body = {"url": f"http://127.0.0.1:{b.peers.port['chatwoot']}", "token": CHATWOOT_TOKEN, "webhook_base": f"http://127.0.0.1:{b.hooks}", **more}
    equal(b.api("POST", "/api/v1/chatwoot/chatwoot/setup", body).status, 202)
    return wait_until(lambda: [x for x in [b.get("/api/v1/chatwoot/chatwoot")] if x["state"] in ("done", "failed")], what="the set-up")[0]


NOT_SET = {f"chatwoot.chatwoot.{k}": None for k in ("inbox_id", "secret", "url", "token")}


def test_set_up_by_itself():
    """Nothing is known but address and token; afterwards a conversation goes both ways."""
    with Box(settings=NOT_SET, n8n=None) as b:
        s = set_up(b)
        equal((s["state"], s["version"], s["account_id"]), ("done", "4.16.2", 1), s)
        assert "PRIVATE_NETWORK" in [w["name"] for w in s["warnings"]] and all(len(w["text"]) > 20 for w in s["warnings"]), s
        assert all(c["works"] for c in s["capabilities"]), s
        equal(set_up(b)["inbox_id"], s["inbox_id"], "the same inbox again")
        assert "double-bot-token" not in b.log() and CHATWOOT_TOKEN not in b.log()
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: b.peers.state("chatwoot")["stored"] == 1, what="the customer in Chatwoot")
        wait_until(lambda: b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="the thread")
        b.peers.say("chatwoot", conversation=1, content="buenas")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="the agent's answer")
        b.wait_idle()


def test_set_up_of_an_old_server():
    """3.8: the secret is in the path, no status is told, what cannot work is said."""
    with Box(settings=NOT_SET, n8n=None) as b:
        b.peers.options("chatwoot", version=30800)
        s = set_up(b, language="es")
        equal(s["state"], "done", s)
        names = [w["name"] for w in s["warnings"]]
        assert "PATH_SECRET" in names and "NO_STATUS" in names and "PRIVATE_NETWORK" not in names, names
        es = b.api("GET", "/api/v1/chatwoot/chatwoot", headers={"Accept-Language": "es"}).json
        assert "no firma" in [w["text"] for w in es["warnings"] if w["name"] == "PATH_SECRET"][0], es
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: b.peers.state("chatwoot")["stored"] == 1, what="the customer in Chatwoot")
        wait_until(lambda: b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="the thread")
        b.peers.say("chatwoot", conversation=1, content="buenas")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="the agent's answer, by the secret in the path")
        b.wait_idle()
        equal(b.peers.state("chatwoot")["patched"], 0)
        equal(b.api("POST", "/webhooks/chatwoot/chatwoot", {"event": "x"}, token=False, port=b.hooks).status, 401, "not without it")


def test_a_wrong_token_is_said_and_the_command_line_sets_up_too():
    """totem chatwoot: the token by the environment or stdin, never as an argument; it waits for the end, warnings in its language."""
    with Box(settings=NOT_SET, n8n=None) as b:
        s = set_up(b, token="wrong")
        equal(s["state"], "failed")
        assert "token" in s["detail"], s

        def cli(*words, given=None, env=None):
            return subprocess.run([BINARY, "chatwoot", *words, "--data", b.data], input=given, env={**os.environ, "LANG": "C", **(env or {})},
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90)
        where = ("--url", f"http://127.0.0.1:{b.peers.port['chatwoot']}", "--webhook-base", f"http://127.0.0.1:{b.hooks}")
        p = cli("setup", "chatwoot", *where, "--account", "1", "--lang", "es", env={"TOTEM_CHATWOOT_TOKEN": "wrong too"})
        equal(p.returncode, 1, p)
        assert "chatwoot: rechazado: " in p.stdout, p
        p = cli("setup", "chatwoot", *where, "--language", "pt", "--lang", "pt", "--token", "-", given=CHATWOOT_TOKEN + "\n")
        equal(p.returncode, 0, p)
        assert "chatwoot: configurado\nChatwoot 4.16.2" in p.stdout and "\n! " in p.stdout and "do Chatwoot" in p.stdout, p
        equal(b.get("/api/v1/chatwoot/chatwoot")["state"], "done")
        equal(json.loads(cli("show", "chatwoot", "--json").stdout)["state"], "done")
        equal(cli("show", "nobody").returncode != 0, True)
        for words in (("setup", "chatwoot", "--token", CHATWOOT_TOKEN), ("setup", "a/b"), ("setup", "chatwoot", "--account", "x"), ("undo",), ()):
            equal(cli(*words).returncode, 64, words)
        assert CHATWOOT_TOKEN not in b.log()


def name_is_private(name):
    """A machine may have a public address, or none, behind its own name."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(name)).is_private
    except OSError:
        return False


def test_files_at_private_addresses_are_refused():
    """Chatwoot is known as localhost, so 127.0.0.1 is a stranger: by number, by name, in IPv6, behind a redirect, and as the address that an
    agent typed into a template, even on Chatwoot's own host at another port. Nobody is asked; the agent reads why. Chatwoot's own are fetched."""
    asked = []

    class Secret(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(302 if self.path.startswith("/leads") else 200)
            if self.path.startswith("/leads"):
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/secret")
            self.send_header("Content-Length", "0" if self.path.startswith("/leads") else "10")
            self.end_headers()
            if not self.path.startswith("/leads"):
                self.wfile.write(b"%PDF-1.4 x")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Secret)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    try:
        with Box(n8n=None, settings={"chatwoot.chatwoot.url": None, "queue.support-bridge-agent.attempts": "1"}) as b:
            b.cli("config", "set", "chatwoot.chatwoot.url", f"http://localhost:{b.peers.port['chatwoot']}")
            b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
            wait_until(lambda: b.get("/api/v1/conversations")["data"] and b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"],
                       what="the thread")

            def agent(n, url=None, typed=None):
                params = {"name": "x", "language": "es", "processed_params": {"header": {"media_url": typed, "media_type": "document"}}}
                equal(b.chatwoot_hook(json.dumps({
                    "event": "message_created", "id": n, "content": f"file {n}", "message_type": "outgoing", "private": False,
                    "account": {"id": 1}, "inbox": {"id": 1}, "sender": {"id": 1, "name": "Ana", "type": "user"},
                    "conversation": {"id": 1, "inbox_id": 1},
                    "additional_attributes": {"template_params": params} if typed else {},
                    "attachments": [{"id": n, "file_type": "file", "data_url": url}] if url else []}).encode()).status, 200)

            private = [f"http://127.0.0.1:{port}/secret", "http://10.255.255.1/secret", "http://169.254.169.254/latest/meta-data",
                       f"http://[::1]:{port}/secret", f"http://2130706433:{port}/secret", f"http://localhost:{port}/leads/elsewhere"]
            if name_is_private(socket.gethostname()):
                private.append(f"http://{socket.gethostname()}:{port}/secret")
            for i, url in enumerate(private):
                agent(90000 + i, url=url)
            agent(90100, typed=f"http://localhost:{port}/secret")
            agent(90101, typed=f"http://127.0.0.1:{port}/secret/rails/x")
            failed = wait_until(lambda: [f for f in [[m for m in b.get("/api/v1/messages?limit=100")["data"] if m["status"] == "failed"]]
                                         if len(f) == len(private) + 2], what="all refused")[0]
            for m in failed:
                assert "private address" in m["error"]["text"], m
            equal([p for p in asked if p != "/leads/elsewhere"], [], "nobody was asked")
            agent(90200, url=f"http://localhost:{port}/own.pdf")
            wait_until(lambda: "/own.pdf" in asked, what="a file at Chatwoot's own host")
    finally:
        server.shutdown()
        server.server_close()
