#!/usr/bin/env python3
"""Drives the doubles against a small receiver for some seconds and checks that they behave as the
README says. Usage: test_peers.py BUILD_DIR. Closing line: `N passed, N failed`."""
import base64, hashlib, hmac, http.client, http.server, json, os, re, signal, socket
import subprocess, sys, tempfile, threading, time

build = sys.argv[1] if len(sys.argv) > 1 else "build"
passed = failed = 0


def check(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok   " if ok else "FAIL ") + name + ("" if ok else f"  {detail}"), flush=True)


class Box(http.server.BaseHTTPRequestHandler):
    """Stands in for Totem: keeps what came and answers what it was told."""
    protocol_version = "HTTP/1.1"
    got, status, lock = [], [], threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with Box.lock:
            Box.got.append((time.time(), self.path, dict(self.headers), body))
            status = Box.status.pop(0) if Box.status else 200
        self.answer(status, b"{}")

    def do_GET(self):
        q = dict(p.split("=", 1) for p in self.path.split("?", 1)[1].split("&"))
        ok = q.get("hub.verify_token") == "double-verify"
        self.answer(200 if ok else 403, q["hub.challenge"].encode() if ok else b"no")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *a):
        pass


def call(port, method, path, body=None, headers=None, timeout=5):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        c.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body,
                  headers or {})
        r = c.getresponse()
        raw = r.read()
        try:
            return r.status, json.loads(raw), r
        except ValueError:
            return r.status, raw, r
    finally:
        c.close()


def fails(fn):
    try:
        fn()
        return None
    except (OSError, http.client.HTTPException) as e:
        return e


def hooks(path, want, seconds=3):
    end = time.time() + seconds
    while time.time() < end:
        with Box.lock:
            got = [g for g in Box.got if g[1].startswith(path)]
        if len(got) >= want:
            break
        time.sleep(0.01)
    return got


def quiet(port):
    """All webhooks of Chatwoot's double are answered: none of them comes behind a clear()."""
    end = time.time() + 5
    while time.time() < end:
        s = state(port)
        if s["hooks_posted"] == s["hooks_ok"] + s["hooks_failed"]:
            return
        time.sleep(0.01)
    check("Chatwoot's webhooks come to an end", False, s)


def told(of, seconds=3):
    """The first status that is `of` what is meant, whatever else still comes; {}: none."""
    end = time.time() + seconds
    while time.time() < end:
        for u in updates("statuses", hooks("/webhooks/whatsapp", 0)):
            if of(u):
                return u
        time.sleep(0.01)
    return {}


def clear():
    with Box.lock:
        Box.got.clear()
        Box.status.clear()


def updates(kind, got):
    return [u for g in got for e in json.loads(g[3])["entry"] for c in e["changes"]
            for u in c["value"].get(kind, [])]


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Box)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
peers = subprocess.Popen([f"{build}/peers", "--with-parent", "--totem",
                          f"http://127.0.0.1:{server.server_port}", "--meta", "0", "--chatwoot", "0", "--n8n", "0", "--calidda", "0",
                          "--evolution", "0"],
                         stdout=subprocess.PIPE, text=True)
line = peers.stdout.readline()
port = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)}
check("the ready line names the ports that were asked for", len(port) == 5, line)
M, C, N, L, E = port["meta"], port["chatwoot"], port["n8n"], port["calidda"], port["evolution"]
BEARER = {"Authorization": "Bearer double-token"}
CW = {"api_access_token": "double-chatwoot-token"}
SEND = "/v26.0/106540352242922/messages"


def text(to="5511987654321", key=None, body="olá"):
    d = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
    return {**d, "biz_opaque_callback_data": key} if key else d


def behave(p, **rule):
    return call(p, "POST", "/_double/behave", rule)


def state(p):
    return call(p, "GET", "/_double/state")[1]


def meta():
    s, j, _ = call(M, "POST", SEND, text(key="k1"), BEARER)
    wamid = j["messages"][0]["id"]
    check("a send is accepted", s == 200 and j["messages"][0]["message_status"] == "accepted", j)
    check("a wamid carries the phone as Meta's do", b"5511987654321" in base64.b64decode(wamid[6:]))
    time.sleep(0.3)
    got = hooks("/webhooks/whatsapp", 1)
    st = updates("statuses", got)
    check("sent, delivered and read follow", [x["status"] for x in st] == ["sent", "delivered", "read"]
          and all(x["id"] == wamid and x["biz_opaque_callback_data"] == "k1" for x in st), st)
    check("every webhook is signed over its raw bytes", all(
        g[2]["X-Hub-Signature-256"] == "sha256=" +
        hmac.new(b"test_app_secret", g[3], hashlib.sha256).hexdigest() for g in got))
    check("a wrong token is 401 with code 190",
          call(M, "POST", SEND, text(), {"Authorization": "Bearer x"})[1]["error"]["code"] == 190)
    s, j, _ = call(M, "POST", SEND, {"to": "1"}, BEARER)
    check("a bad body is 400 with code 100", s == 400 and j["error"]["code"] == 100, j)
    call(M, "POST", SEND, text(key="k1"), BEARER)
    x = state(M)
    time.sleep(0.3)  # its statuses must not mix with what follows
    check("a double send is seen", x["doubled"] == 1 and x["doubled_keys"] == ["k1"], x)

    clear()
    call(M, "POST", "/_double/say", {"from": "34600", "text": "¡Año 😊 a/b!"})
    raw = hooks("/webhooks/whatsapp", 1)[0][3]
    check("a customer's text is escaped as Meta does",
          b"\\u00a1A\\u00f1o \\ud83d\\ude0a a\\/b!" in raw, raw)
    clear()
    call(M, "POST", "/_double/options", {"batch_max": 100})
    for _ in range(3):
        call(M, "POST", "/_double/say", {"times": 5})
    got = hooks("/webhooks/whatsapp", 3)
    shapes = {(len(b["entry"]), len(b["entry"][0]["changes"])) for b in (json.loads(g[3]) for g in got)}
    check("batches come in three layouts", shapes == {(1, 1), (1, 5), (5, 1)} and
          len(updates("messages", got)) == 15, shapes)
    clear()
    Box.status = [500, 503]
    call(M, "POST", "/_double/say", {})
    got = hooks("/webhooks/whatsapp", 3)
    check("a refused webhook comes again until 200", len(got) == 3 and len({g[3] for g in got}) == 1)
    clear()
    call(M, "POST", "/_double/options", {"duplicate_percent": 100})
    call(M, "POST", "/_double/say", {})
    check("a webhook can come twice", len(hooks("/webhooks/whatsapp", 2)) == 2)
    call(M, "POST", "/_double/options", {"duplicate_percent": 0})
    clear()
    behave(M, do="early_status", ms=200)
    call(M, "POST", SEND, text(key="early"), BEARER)
    done = time.time()
    got = hooks("/webhooks/whatsapp", 1)
    check("a status can come before the answer", got and got[0][0] < done and
          updates("statuses", got[:1])[0]["status"] == "sent")
    clear()
    behave(M, do="fail_later", code=131026)
    call(M, "POST", SEND, text(key="late"), BEARER)
    u = told(lambda u: u.get("biz_opaque_callback_data") == "late" and u["status"] == "failed")
    check("a send can fail later", u.get("errors", [{}])[0].get("code") == 131026, u)
    clear()
    behave(M, do="error_after", code=131016, retry_after=7, ms=200)
    code, answer = call(M, "POST", SEND, text(key="denied"), BEARER)[:2]
    check("a send can go although the answer is an error", code == 500 and answer["error"]["code"] == 131016 and
          told(lambda u: u.get("biz_opaque_callback_data") == "denied").get("status") == "sent", (code, answer))
    clear()
    behave(M, do="untagged")
    bare = call(M, "POST", SEND, text(key="bare"), BEARER)[1]["messages"][0]["id"]
    u = told(lambda u: u["id"] == bare)
    check("statuses can come without the tag", u.get("status") == "sent" and "biz_opaque_callback_data" not in u, u)
    check("and are counted", call(M, "GET", "/_double/state")[1]["untagged"] == 1)
    check("the verify handshake works", call(M, "POST", "/_double/handshake")[1]["ok"])
    check("and fails with another token",
          not call(M, "POST", "/_double/handshake?verify_token=x")[1]["ok"])
    call(M, "POST", "/_double/options", {"pair_per_minute": 2})
    codes = [call(M, "POST", SEND, text("34699", f"p{i}"), BEARER)[1].get("error", {}).get("code")
             for i in range(3)]
    check("the pair limit holds back one recipient", codes[-1] == 131056, codes)
    call(M, "POST", "/_double/options", {"pair_per_minute": 0})


def media():
    call(M, "POST", "/_double/reset", {})
    name, bound = "/v26.0/106540352242922/media", "b0und"
    part = lambda n, v, more="": (f'--{bound}\r\nContent-Disposition: form-data; name="{n}"{more}\r\n\r\n').encode() + v + b"\r\n"
    def upload(data=b"\xff\xd8\xff bytes", mime="image/jpeg", product=b"whatsapp"):
        body = part("messaging_product", product) + part("type", mime.encode()) + part(
            "file", data, f'; filename="a b.jpg"\r\nContent-Type: {mime}') + f"--{bound}--\r\n".encode()
        return call(M, "POST", name, body, {**BEARER, "Content-Type": f"multipart/form-data; boundary={bound}"})
    s, j, _ = upload()
    check("an upload gets an id", s == 200 and j["id"].isdigit(), j)
    f = state(M)["files"][-1]
    check("and is kept as it came", f["bytes"] == 9 and f["mime"] == "image/jpeg" and f["name"] == "a b.jpg" and
          f["sha256"] == hashlib.sha256(b"\xff\xd8\xff bytes").hexdigest(), f)
    check("a bare audio/ogg is refused", upload(mime="audio/ogg")[1]["error"]["code"] == 100)
    check("with its codec it is taken", upload(mime="audio/ogg; codecs=opus")[0] == 200)
    check("without messaging_product it is refused", upload(product=b"x")[0] == 400)
    behave(M, do="meta_error", code=131053, match="/media")
    check("131053", upload()[1]["error"]["code"] == 131053)
    data = bytes(range(256)) * 40
    s, made, _ = call(M, "POST", "/_double/file?mime=image/png", data)
    check("a customer's file tells both forms of its checksum", base64.b64decode(made["sha256"]).hex() == made["sha256_hex"]
          == hashlib.sha256(data).hexdigest(), made)
    resolve = lambda **q: call(M, "GET", f"/v26.0/{made['id']}?phone_number_id={q.get('phone', '106540352242922')}", headers=BEARER)
    fetch = lambda j: call(M, "GET", j["url"].split(f":{M}", 1)[1], headers=BEARER)
    s, j, _ = resolve()
    check("resolve", s == 200 and j["sha256"] == made["sha256_hex"] and j["file_size"] == len(data), j)
    check("download", fetch(j)[:2] == (200, data) or fetch(j)[1] == data)
    check("not without the token", call(M, "GET", j["url"].split(f":{M}", 1)[1])[0] == 401)
    check("another number's file is refused", resolve(phone="1")[1]["error"]["code"] == 100)
    behave(M, do="wrong_hash", match="GET /v26.0/")
    check("wrong_hash", resolve()[1]["sha256"] != made["sha256_hex"])
    behave(M, do="elsewhere", match="GET /v26.0/")
    check("elsewhere", "127.0.0.2" in resolve()[1]["url"])
    behave(M, do="expired", match="/lookaside/")
    check("expired", fetch(j)[0] == 404 and fetch(j)[0] == 200)
    behave(M, do="wrong_bytes", match="/lookaside/")
    check("wrong_bytes", fetch(j)[1] != data)
    behave(M, do="redirect", match="/lookaside/")
    check("redirect", fetch(j)[0] // 100 == 3)
    behave(M, do="cut", bytes=500, match="/lookaside/")
    check("cut", fails(lambda: fetch(j)) is not None)
    behave(M, do="404", match="GET /v26.0/")
    check("404, then there", resolve()[0] == 404 and resolve()[0] == 200)
    call(M, "POST", "/_double/options", {"url_ms": 1})
    j = resolve()[1]
    time.sleep(0.01)
    check("an address ends", fetch(j)[0] == 404)
    call(M, "POST", "/_double/options", {"url_ms": 300000})
    check("delete", call(M, "DELETE", f"/v26.0/{made['id']}", headers=BEARER)[1] == {"success": True} and resolve()[0] == 400)
    x = state(M)
    check("counts", (x["uploads"], x["deletes"]) == (2, 1) and x["downloads"] >= 3, x)


def message(**fields):
    return {"messaging_product": "whatsapp", "to": "5511987654321", **fields}


def options(p, **o):
    call(p, "POST", "/_double/options", o)


WABA = "102290129340398"


def template(name, *values, language="es"):
    t = {"name": name, "language": {"code": language}}
    if values:
        t["components"] = [{"type": "body", "parameters": [{"type": "text", "text": v} for v in values]}]
    return message(type="template", template=t)


def meta_sends():
    def code(body):
        s, j, _ = call(M, "POST", SEND, body, BEARER)
        return j["error"]["code"] if s != 200 else 0

    def button(*titles):
        return message(type="interactive", interactive={"type": "button", "body": {"text": "b"}, "action": {
            "buttons": [{"type": "reply", "reply": {"id": t, "title": t}} for t in titles]}})

    check("limits of the types are Meta's", [code(x) for x in (
        button("a", "b", "c"), button("a", "b", "c", "d"), button("a", "a"), button("x" * 21),
        message(type="audio", audio={"id": "1", "caption": "c"}), message(type="image", image={"id": "1", "caption": "é" * 1024}),
        message(type="image", image={"id": "1", "caption": "é" * 1025}), message(type="fax", fax={}))] ==
        [0, 100, 100, 100, 100, 0, 100, 100])
    options(M, template_check=1, template_page=2)
    check("templates have states and variables", [code(x) for x in (
        template("pedido_listo", "42"), template("pedido_listo"), template("saludo"), template("nada"))] == [0, 132000, 132015, 132001])
    p1 = call(M, "GET", f"/v26.0/{WABA}/message_templates?limit=50", None, BEARER)[1]
    p2 = call(M, "GET", f"/v26.0/{WABA}/message_templates?limit=50&after=" + p1["paging"]["cursors"]["after"], None, BEARER)[1]
    check("their list has pages", [len(p1["data"]), len(p2["data"])] == [2, 1] and "next" in p1["paging"] and "next" not in p2["paging"],
          [p1, p2])
    options(M, window=2)
    check("the window is closed, but not for templates", [code(text()), code(template("pedido_listo", "1"))] == [131047, 0])
    call(M, "POST", "/_double/say", {"from": "5511987654321", "text": "oi"})
    check("who wrote opens it", code(text()) == 0)
    behave(M, do="held")
    check("a template can be held", call(M, "POST", SEND, template("pedido_listo", "1"), BEARER)[1]["messages"][0]["message_status"] ==
          "held_for_quality_assessment")
    options(M, window=0, template_check=0, template_page=0)
    clear()


def misbehave():
    call(M, "POST", "/_double/reset", {})
    send = lambda key, timeout=1: call(M, "POST", SEND, text(key=key), BEARER, timeout)
    behave(M, do="meta_error", code=130429, status=429, retry_after=7)
    s, j, r = send("a")
    check("meta_error", s == 429 and j["error"]["code"] == 130429 and r.headers["Retry-After"] == "7", j)
    for do in ("429", "500", "503"):
        behave(M, do=do)
        check(f"{do}", send("a")[0] == int(do))
    behave(M, do="hang")
    check("hang", isinstance(fails(lambda: send("a", 0.3)), TimeoutError))
    behave(M, do="reset")
    check("reset", isinstance(fails(lambda: send("a")), ConnectionResetError))
    behave(M, do="garbage")
    check("garbage", isinstance(fails(lambda: send("a")), http.client.BadStatusLine))
    behave(M, do="redirect")
    check("redirect", send("a")[0] == 302)
    check("none of these was accepted", state(M)["accepted"] == 0, state(M))
    behave(M, do="endless")
    c = socket.create_connection(("127.0.0.1", M), 2)
    c.sendall(b"POST %s HTTP/1.1\r\nAuthorization: Bearer double-token\r\nContent-Length: 2\r\n\r\n{}"
              % SEND.encode())
    n = 0
    while n < 5 << 20:
        n += len(c.recv(1 << 20))
    c.close()
    check("endless", n >= 5 << 20)
    behave(M, do="cut_after_request")
    e = fails(lambda: send("lost"))
    x = state(M)
    check("cut_after_request stores, then drops the line", e and x["accepted"] == 1 and
          x["messages"][-1]["key"] == "lost", (e, x))
    behave(M, do="cut", bytes=160)
    check("cut", fails(lambda: send("b")) is not None)
    behave(M, do="drip", ms=1)
    check("drip", send("c", 5)[0] == 200)
    behave(M, do="delay", ms=200)
    t = time.time()
    check("delay", send("d")[0] == 200 and time.time() - t > 0.19)
    behave(M, do="500", match="34611", times=2)
    check("a rule matches one recipient", send("e")[0] == 200 and
          call(M, "POST", SEND, text("34611"), BEARER)[0] == 500)
    call(M, "POST", "/_double/reset", {})
    check("reset forgets rules", call(M, "POST", SEND, text("34611"), BEARER)[0] == 200)
    c = socket.create_connection(("127.0.0.1", N), 2)
    c.sendall(b"GET /healthz HTTP/1.1\r\n\r\n" * 3 + b"POST /webhook/echo HTTP/1.1\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n4\r\n{\"id\r\n9\r\n\":\"c\" }  \r\n0\r\n\r\n")
    c.settimeout(0.5)
    raw = b""
    while raw.count(b"HTTP/1.1 200") < 4 or b'"c"' not in raw:
        more = c.recv(65536)
        if not more:
            break
        raw += more
    check("pipelining and chunked bodies", raw.count(b"HTTP/1.1 200") == 4 and b'"id":"c"' in raw, raw)


def chatwoot():
    A = "/api/v1/accounts/1"
    check("no token is 401", call(C, "GET", A + "/inboxes")[:2] == (401, {"error": "Invalid Access Token"}))
    check("inboxes", call(C, "GET", A + "/inboxes", None, CW)[1]["payload"][0]["inbox_identifier"])
    new = {"name": "Rui", "phone_number": "+5511987654321", "identifier": "wa:1", "inbox_id": 1,
           "source_id": "wa:5511987654321"}
    s, j, _ = call(C, "POST", A + "/contacts", new, CW)
    cid = j["payload"]["contact"]["id"]
    s2, j2, _ = call(C, "POST", A + "/contacts", new, CW)
    check("a taken phone is 422 and named", s == 200 and s2 == 422 and
          j2["attributes"] == ["phone_number"], j2)
    check("search finds it", call(C, "GET", A + "/contacts/search?q=%2B55119", None, CW)[1]["payload"][0]["id"] == cid)
    f = {"payload": [{"attribute_key": "phone_number", "filter_operator": "equal_to",
                      "values": ["5511987654321"], "query_operator": None}]}
    check("filter finds it", call(C, "POST", A + "/contacts/filter", f, CW)[1]["payload"][0]["id"] == cid)
    want = {"inbox_id": 1, "contact_id": cid, "source_id": "wa:5511987654321"}
    k1 = call(C, "POST", A + "/conversations", want, CW)[1]["id"]
    k2 = call(C, "POST", A + "/conversations", want, CW)[1]["id"]
    check("the locked inbox gives the same conversation", k1 == k2)
    quiet(C)
    clear()
    P = f"{A}/conversations/{k1}/messages"
    m = {"content": "oi", "message_type": "incoming", "source_id": "totem:1",
         "content_attributes": {"totem": {"o": "wa"}}, "echo_id": "e"}
    s, j, _ = call(C, "POST", P, m, CW)
    check("a message is created", s == 200 and j["source_id"] == "totem:1" and j["echo_id"] == "e" and
          j["message_type"] == 0, j)
    g = hooks("/webhooks/chatwoot/chatwoot", 1)[0]
    w = json.loads(g[3])
    check("its echo comes as message_created", w["event"] == "message_created" and w["id"] == j["id"] and
          w["message_type"] == "incoming" and w["content_attributes"]["totem"]["o"] == "wa" and
          "type" not in w["sender"] and w["conversation"]["id"] == k1, w)
    check("signed with timestamp and delivery id", g[2]["X-Chatwoot-Signature"] == "sha256=" + hmac.new(
        b"double-chatwoot-secret", g[2]["X-Chatwoot-Timestamp"].encode() + b"." + g[3],
        hashlib.sha256).hexdigest() and len(g[2]["X-Chatwoot-Delivery"]) == 36)
    call(C, "POST", P, m, CW)
    time.sleep(0.3)
    check("a source_id twice makes two messages, and is seen", state(C)["doubled_keys"] == ["totem:1"])
    quiet(C)
    clear()
    for do in ("dup_event", "wipe_attributes", "null_source_id", "foreign_first"):
        behave(C, do=do, match="/messages totem:" + do)
        call(C, "POST", P, {**m, "source_id": "totem:" + do}, CW)
        time.sleep(0.1)
    g = [(x[2]["X-Chatwoot-Delivery"], json.loads(x[3])) for x in hooks("/webhooks/chatwoot", 5)]
    check("duplicate event with another delivery id", len(g) == 5 and g[0][1] == g[1][1] and g[0][0] != g[1][0])
    check("wiped attributes", g[2][1]["content_attributes"] == {})
    check("source_id null", g[3][1]["source_id"] is None)
    check("messages[0] of another message", g[4][1]["conversation"]["messages"][0]["id"] != g[4][1]["id"])
    quiet(C)
    clear()
    behave(C, do="webhook_first", ms=200)
    call(C, "POST", P, {**m, "source_id": "totem:first"}, CW)
    done = time.time()
    g = hooks("/webhooks/chatwoot", 1)
    check("webhook before the answer", g and g[0][0] < done)
    behave(C, do="cut_after_request")
    fails(lambda: call(C, "POST", P, {**m, "source_id": "totem:cut"}, CW))
    got = call(C, "GET", f"{P}?after={j['id']}", None, CW)[1]["payload"]
    check("what was stored before a cut is in the list", got[-1]["source_id"] == "totem:cut")
    s, j, _ = call(C, "PATCH", f"{P}/{j['id']}", {"status": "read"}, CW)
    check("status is patched", j["status"] == "read")
    check("read never becomes delivered", call(
        C, "PATCH", f"{P}/{j['id']}", {"status": "delivered"}, CW)[1]["status"] == "read")
    quiet(C)
    clear()
    Box.status = [500]
    j = call(C, "POST", "/_double/say", {"conversation": k1, "content": "Olá do agente"})[1]
    time.sleep(0.2)
    g = [json.loads(x[3]) for x in hooks("/webhooks/chatwoot", 2)]
    check("an agent's webhook is tried once, then the message is failed",
          [x["event"] for x in g] == ["message_created", "message_updated"] and
          g[0]["sender"]["type"] == "user", g)
    check("toggle_status", call(C, "POST", f"{A}/conversations/{k1}/toggle_status", {"status": "resolved"},
                                CW)[1]["payload"]["current_status"] == "resolved")
    pub = "/public/api/v1/inboxes/double-inbox/contacts"
    a = call(C, "POST", pub, {"identifier": "wa:1"})[1]
    check("the public contact is get-or-create", a["id"] == cid and
          call(C, "POST", pub, {"identifier": "wa:2"})[1]["id"] != cid)
    form = (b'--b\r\nContent-Disposition: form-data; name="source_id"\r\n\r\ntotem:f\r\n--b\r\n'
            b'Content-Disposition: form-data; name="attachments[]"; filename="a.png"\r\n\r\nPNG\r\n--b--\r\n')
    j = call(C, "POST", P, form, {**CW, "Content-Type": "multipart/form-data; boundary=b"})[1]
    check("a form with a file", j["source_id"] == "totem:f" and len(j["attachments"]) == 1, j)


def chatwoot_account():
    """Second webhook beside the inbox's, merge, what a bot may, the throttle, quotes, events that overtake one another."""
    A = "/api/v1/accounts/1"
    def post(path, body, headers=CW, method="POST"):
        return call(C, method, A + path, body, headers)
    hook = {"webhook": {"url": "http://x.test/webhooks/chatwoot/account", "subscriptions": ["message_created", "contact_updated"]}}
    s, j, _ = post("/webhooks", hook)
    secret, hid = j["payload"]["webhook"]["secret"], j["payload"]["webhook"]["id"]
    check("an account webhook has a secret of its own", s == 200 and secret != "double-chatwoot-secret", j)
    check("its address is unique", post("/webhooks", hook)[0] == 422)
    check("it is listed", call(C, "GET", A + "/webhooks", None, CW)[1]["payload"]["webhooks"][0]["id"] == hid)
    cid = post("/contacts", {"name": "Lia", "identifier": "wa:lia", "inbox_id": 1, "source_id": "wa:lia"})[1]["payload"]["contact"]["id"]
    k = post("/conversations", {"inbox_id": 1, "contact_id": cid, "source_id": "wa:lia"})[1]["id"]
    quiet(C)
    clear()
    m = call(C, "POST", "/_double/say", {"conversation": k, "content": "uno"})[1]
    g = [x for x in hooks("/webhooks/chatwoot", 2)]
    check("one message, two webhooks: equal bodies, different delivery ids and secrets",
          len(g) == 2 and {x[1] for x in g} == {"/webhooks/chatwoot/chatwoot", "/webhooks/chatwoot/account"} and
          g[0][3] == g[1][3] and g[0][2]["X-Chatwoot-Delivery"] != g[1][2]["X-Chatwoot-Delivery"] and
          all(x[2]["X-Chatwoot-Signature"] == "sha256=" + hmac.new(
              (secret if x[1].endswith("account") else "double-chatwoot-secret").encode(),
              x[2]["X-Chatwoot-Timestamp"].encode() + b"." + x[3], hashlib.sha256).hexdigest() for x in g), g)
    quiet(C)
    clear()
    options(C, late_ms=150)
    for i in range(12):
        call(C, "POST", "/_double/say", {"conversation": k, "content": f"t{i}"})
    g = [json.loads(x[3])["content"] for x in hooks("/webhooks/chatwoot/account", 12)]
    options(C, late_ms=0)
    check("late ones overtake one another, none is lost", len(g) == 12 and g != sorted(g, key=lambda t: int(t[1:])), g)
    quiet(C)
    clear()
    post(f"/webhooks/{hid}", None, method="DELETE")
    call(C, "POST", "/_double/say", {"conversation": k, "content": "dos"})
    time.sleep(0.2)
    check("after it is deleted one comes", len(hooks("/webhooks/chatwoot", 1)) == 1)
    other = post("/contacts", {"name": "L", "phone_number": "+34600000777", "inbox_id": 1, "source_id": "wa:34600000777"})[1]["payload"]["contact"]["id"]
    k2 = post("/conversations", {"inbox_id": 1, "contact_id": other, "source_id": "wa:34600000777"})[1]["id"]
    check("a source_id of somebody else: an error that nobody there handles",
          post("/contacts", {"name": "X", "inbox_id": 1, "source_id": "wa:lia"})[0] == 500)
    j = post("/actions/contact_merge", {"base_contact_id": cid, "mergee_contact_id": other})[1]
    check("a merge: the base wins and gets what it lacked", j["id"] == cid and j["name"] == "Lia" and j["phone_number"] == "+34600000777" and
          {x["source_id"] for x in j["contact_inboxes"]} == {"wa:lia", "wa:34600000777"}, j)
    check("the other is gone, its conversation stays", call(C, "GET", f"{A}/contacts/{other}", None, CW)[0] == 404 and
          {x["id"] for x in call(C, "GET", f"{A}/contacts/{cid}/conversations", None, CW)[1]["payload"]} == {k, k2})
    check("merged once", post("/actions/contact_merge", {"base_contact_id": cid, "mergee_contact_id": other})[0] == 404)
    check("the lock is of a source id", post("/conversations", {"inbox_id": 1, "contact_id": cid, "source_id": "wa:lia"})[1]["id"] == k and
          post("/conversations", {"inbox_id": 1, "contact_id": cid, "source_id": "wa:34600000777"})[1]["id"] == k2)
    P = f"/conversations/{k}"
    post(P + "/labels", {"labels": ["a"]})
    check("labels are replaced", post(P + "/labels", {"labels": ["b"]})[1]["payload"] == ["b"])
    post(P + "/custom_attributes", {"custom_attributes": {"x": 1}})
    check("attributes are replaced, whatever merge says", post(P + "/custom_attributes", {"custom_attributes": {"y": 2}, "merge": True})[1] ==
          {"custom_attributes": {"y": 2}})
    bot = {**CW, "api_access_token": "double-bot-token"}
    check("a bot writes, but changes no status and knows no contacts", post(P + "/messages", {"content": "b"}, bot)[0] == 200 and
          post(f"{P}/messages/{m['id']}", {"status": "read"}, bot, "PATCH")[0] == 401 and call(C, "GET", f"{A}/contacts/{cid}", None, bot)[0] == 401)
    j = post(P + "/messages", {"content": "q", "content_attributes": {"in_reply_to": m["id"]}})[1]
    check("a quote that is found", j["content_attributes"]["in_reply_to"] == m["id"], j)
    j = post(P + "/messages", {"content": "q", "content_attributes": {"in_reply_to_external_id": "totem:none", "keep": 1}})[1]
    check("one that is not: both null", j["content_attributes"] == {"keep": 1, "in_reply_to": None, "in_reply_to_external_id": None}, j)
    quiet(C)
    clear()
    post(P + "/toggle_status", {"status": "resolved"})
    post(P + "/messages", {"content": "de nuevo", "message_type": "incoming"})
    g = [json.loads(x[3]) for x in hooks("/webhooks/chatwoot", 3)]
    check("an incoming message opens what was resolved, and tells it", sorted(x.get("status") for x in g if x["event"] == "conversation_status_changed") ==
          ["open", "resolved"], g)
    s = post(f"{P}/messages/{m['id']}", None, method="DELETE")[0]
    j = [x for x in call(C, "GET", f"{A}{P}/messages?after=0", None, CW)[1]["payload"] if x["id"] == m["id"]][0]
    check("a deleted message has another text", s == 200 and j["content_attributes"] == {"deleted": True} and j["content"] != "uno", j)
    options(C, requests_per_minute=1)
    got = [call(C, "GET", A + "/inboxes", None, CW)[:2] for _ in range(3)]  # a new minute may begin between two
    options(C, requests_per_minute=0)
    check("over the limit: 429 and a text", (429, b"Retry later\n") in got, got)


def n8n():
    body = {"id": "71", "conversation": "c1", "contact": "5511", "text": "oi", "hop": 1,
            "idempotency_key": "idem-1"}
    post = lambda path: call(N, "POST", "/webhook/" + path, body)
    check("echo", post("echo")[:2] == (200, {"id": "71", "reply": "eco: oi"}))
    check("silent", post("silent")[:2] == (200, {"id": "71"}))
    check("empty", post("empty")[:2] == (200, b""))
    check("html404", post("html404")[0] == 404 and post("html404")[1].startswith(b"<!DOCTYPE"))
    check("json404", post("json404")[1]["code"] == 404)
    check("starting", post("starting")[:2] == (200, b"n8n is starting up. Please wait"))
    check("forbidden", post("forbidden")[:2] == (403, b"Authorization data is wrong!"))
    check("422 and 500", post("422")[0] == 422 and post("500")[0] == 500)
    check("unauthorized and 503", post("unauthorized")[0] == 401 and post("503")[1]["message"] == "Database is not ready!")
    call(N, "POST", "/_double/boot", {"stage": 1})
    check("while it starts every address says 200 and a text", post("echo")[:2] == call(N, "GET", "/rest/x")[:2] ==
          (200, b"n8n is starting up. Please wait"))
    call(N, "POST", "/_double/boot", {"stage": 2})
    check("then it calls itself ready and knows no route", call(N, "GET", "/healthz/readiness")[0] == 200 and
          post("echo")[0] == 404 and post("echo")[1].startswith(b"<!DOCTYPE"))
    call(N, "POST", "/_double/boot", {"stage": 0})
    check("then it works", post("echo")[0] == 200)
    call(N, "POST", "/_double/boot", {"ms": 100})
    time.sleep(0.12)
    check("by the clock, too", post("echo")[0] == 200)
    options(N, runs_per_second=50)
    began = time.time()
    several = [threading.Thread(target=post, args=("silent",)) for _ in range(10)]
    [x.start() for x in several], [x.join() for x in several]
    check("fifty runs a second", time.time() - began >= 0.19, time.time() - began)
    options(N, runs_per_second=0)
    call(N, "POST", "/_double/reset", {})
    behave(N, do="html404", match="/webhook/flow")
    check("a rule changes the mode once", post("flow")[0] == 404 and post("flow")[0] == 200)
    clear()
    check("immediately", post("immediately")[1] == {"message": "Workflow was started"})
    g = hooks("/api/v1/messages", 1)
    b = json.loads(g[0][3]) if g else {}
    check("and later calls the API with a key", g and g[0][2]["Idempotency-Key"] == "idem-1" and
          g[0][2]["Authorization"] == "Bearer double-api-token" and b["conversation_id"] == "c1" and b["hop"] == 2, b)
    check("an id twice is seen", state(N)["doubled_keys"] == ["71"])
    clear()
    body.update(id="72", text="Consultar DNI 08408122")
    check("dni: asks /query", post("dni")[1] == {"id": "72", "reply": "No pudimos consultar ahora. Intente de nuevo en unos minutos."})
    g = hooks("/query", 1)
    check("with the number as text", g and json.loads(g[0][3]) == {"dni": "08408122"} and
          g[0][2]["Authorization"] == "Bearer double-api-token", g)
    body.update(id="73", text="quiero un ASESOR")
    check("dni: hands over", post("dni")[1]["actions"] == [{"type": "handover", "reason": "lo pide el cliente"}])
    body.update(id="74", text="hola 123456789")
    check("dni: nine digits are none", post("dni")[1]["reply"].startswith("Escriba:"))


def calidda():
    log_in = lambda **k: call(L, "POST", "/login", {"username": "totem", "password": "double-password", **k})
    get = lambda dni, token: call(L, "GET", f"/clientes?dni={dni}", headers={"Authorization": f"Bearer {token}"})
    check("no session", get("08408122", "x")[0] == 401)
    check("wrong password", log_in(password="x")[0] == 401)
    status, j, r = log_in()
    check("login", status == 200 and j["expires_in"] == 3600 and f"SID={j['token']}" in r.headers["Set-Cookie"], j)
    check("found", get("08408122", j["token"])[1]["cliente"]["nombre"] == "Juan")
    check("by cookie", call(L, "GET", "/clientes?dni=08408122", headers={"Cookie": f"SID={j['token']}"})[0] == 200)
    check("not found", get("99408122", j["token"])[0] == 404 and get("1", j["token"])[0] == 422)
    second = log_in()[1]["token"]
    check("a new login ends the session before", get("08408122", j["token"])[0] == 401 and get("08408122", second)[0] == 200)
    call(L, "POST", "/_double/expire", {})
    check("expire", get("08408122", second)[1]["error"]["code"] == "SESSION_EXPIRED")
    call(L, "POST", "/_double/options", {"token_ms": 100, "refuse_login": 0})
    short = log_in()[1]
    time.sleep(0.15)
    check("a session ends by itself", short["expires_in"] == 1 and get("08408122", short["token"])[0] == 401)
    call(L, "POST", "/_double/options", {"refuse_login": 1})
    check("refuses logins", log_in()[0] == 401)
    behave(L, do="503", match="/clientes")
    check("down", get("08408122", short["token"])[0] == 503)
    s = state(L)
    check("counts", (s["logins"], s["logins_refused"], s["not_found"]) == (5, 2, 1) and s["queries"] == 9, s)


EVO = {"apikey": "double-evolution-key"}


def evo_send(text_="oi", to="5511987654321@s.whatsapp.net", headers=EVO, path="/message/sendText/loja", **more):
    return call(E, "POST", path, {"number": to, "text": text_, **more}, headers)


def evo_events(want, event=None, seconds=3):
    end = time.time() + seconds
    while True:
        got = [(g, json.loads(g[3])) for g in hooks("/webhooks/evolution/evo", 0)]
        got = [(g, b) for g, b in got if event is None or b["event"] == event]
        if len(got) >= want or time.time() > end:
            return got
        time.sleep(0.01)


def evolution():
    clear()
    s, j, _ = evo_send()
    check("evolution: a send is 201 and PENDING", s == 201 and j["status"] == "PENDING" and j["key"]["fromMe"], j)
    got = evo_events(3, "messages.update")
    check("evolution: statuses climb and name keyId",
          [b["data"]["status"] for _, b in got] == ["SERVER_ACK", "DELIVERY_ACK", "READ"] and
          {b["data"]["keyId"] for _, b in got} == {j["key"]["id"]} and got[0][1]["data"]["messageId"] != j["key"]["id"], got)
    got = evo_events(1, "send.message")
    check("evolution: the echo bears the key, the badge and the api key",
          got and got[0][1]["data"]["key"]["id"] == j["key"]["id"] and got[0][0][2].get("X-Totem-Key") == "double-evolution-badge"
          and got[0][1]["apikey"] == "double-evolution-key", got)
    check("evolution: refusals", (evo_send(headers={})[0], evo_send(path="/message/sendText/outra")[0],
                                  evo_send(to="5511987654321")[0]) == (401, 404, 400))
    behave(E, do="exists_false")
    s, j, _ = evo_send()
    check("evolution: a number that is not there", s == 400 and j["response"]["message"][0]["exists"] is False, j)
    behave(E, do="licence")
    s, j, _ = evo_send()
    check("evolution: without a licence", s == 503 and j["code"] == "LICENSE_REQUIRED", j)
    clear()
    behave(E, do="echo_before")
    t0 = time.time()
    s, j, _ = evo_send("antes")
    g = evo_events(1, "send.message")
    check("evolution: an echo before the answer", s == 201 and g and g[0][0][0] < t0 + 0.1 <= time.time(), g)
    behave(E, do="cut_after_request")
    check("evolution: takes the send and drops the line", fails(lambda: evo_send("cortado")) is not None)
    s, j, _ = call(E, "POST", "/chat/findMessages/loja", {"where": {"key": {"remoteJid": "5511987654321@s.whatsapp.net"}}}, EVO)
    check("evolution: it is found in its database", s == 200 and
          "cortado" in [r["message"].get("conversation") for r in j["messages"]["records"]], j)
    call(E, "POST", "/_double/options", {"v24": 1})
    ids = {evo_send("mesma", messageId="3EB0AA")[1]["key"]["id"] for _ in range(2)}
    st = call(E, "GET", "/_double/state?brief=1")[1]
    check("evolution: 2.4 keeps our key, twice is one message", ids == {"3EB0AA"} and st["repeats"] == 1 and st["doubled"] == 0, st)
    check("evolution: it says its version", call(E, "GET", "/")[1]["version"] == "2.4.0-rc2")
    call(E, "POST", "/_double/options", {"v24": 0})
    evo_hooks()


def evo_hooks():
    """What it does with answers to its webhooks, and the other control calls."""
    time.sleep(0.6)
    clear()
    Box.status[:] = [500, 503, 200]
    call(E, "POST", "/_double/say", {"from": "5511900000000", "text": "insiste", "id": "S1"})
    check("evolution: 5xx is tried again", len(evo_events(3, "messages.upsert")) == 3)
    for status in (400, 401, 403, 404, 422):
        clear()
        Box.status[:] = [status]
        call(E, "POST", "/_double/say", {"text": f"perde {status}"})
        time.sleep(0.5)
        check(f"evolution: {status} is final", len(evo_events(0, "messages.upsert")) == 1)
    clear()
    call(E, "POST", "/_double/options", {"lid": 2, "by_events": 1})
    call(E, "POST", "/_double/say", {"from": "5511900000000", "text": "lid"})
    g = evo_events(1)
    check("evolution: LID with the phone beside it, event in the path", g and g[0][1]["data"]["key"]["remoteJid"].endswith("@lid") and
          g[0][1]["data"]["key"]["remoteJidAlt"] == "5511900000000@s.whatsapp.net" and g[0][0][1].endswith("/messages-upsert"), g)
    call(E, "POST", "/_double/options", {"lid": 0, "by_events": 0})
    clear()
    call(E, "POST", "/webhook/set/loja", {"webhook": {"url": "http://127.0.0.1:1/webhooks/evolution/evo/x", "headers": {"jwt_key": "k"}}}, EVO)
    call(E, "POST", "/_double/phone", {"to": "5511900000000", "text": "do telefone"})
    g = evo_events(1, "messages.upsert")
    head, claims, mac = g[0][0][2]["Authorization"].split(" ")[1].split(".")
    pad = lambda x: base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
    check("evolution: a JWT as it makes them", json.loads(pad(claims))["app"] == "evolution" and g[0][0][1].endswith("/x") and
          pad(mac) == hmac.new(b"k", f"{head}.{claims}".encode(), hashlib.sha256).digest() and g[0][1]["data"]["key"]["fromMe"], g)
    call(E, "POST", "/_double/connection", {"state": "close", "reason": 401})
    check("evolution: closed", call(E, "GET", "/instance/connect/loja", None, EVO)[1]["code"].startswith("2@") and
          evo_send()[0] == 500 and evo_events(1, "connection.update")[0][1]["data"]["statusReason"] == 401)
    s, j, _ = call(E, "POST", "/chat/getBase64FromMediaMessage/loja", {"message": {"key": {"id": "S1"}}}, EVO)
    check("evolution: a file", s == 201 and base64.b64decode(j["base64"])[:4] == b"\x89PNG", j)


def load():
    with tempfile.TemporaryDirectory() as d:
        r = subprocess.run([f"{build}/load", "--url", f"http://127.0.0.1:{N}/webhook/echo", "--count", "2000",
                            "--connections", "8", "--json", "--out", d + "/acked"], capture_output=True, text=True)
        j = json.loads(r.stdout)
        ids = open(d + "/acked").read().split()
        check("load: all answered, all different, all written", j["ok"] == 2000 and len(set(ids)) == 2000 and
              j["lost"] == 0, j)
    clear()
    r = subprocess.run([f"{build}/load", "--url", f"http://127.0.0.1:{server.server_port}/webhooks/whatsapp",
                        "--count", "50", "--connections", "2"], capture_output=True, text=True)
    g = hooks("/webhooks/whatsapp", 50)
    check("load: bodies parse and their signatures hold", len(g) == 50 and
          len({u["id"] for u in updates("messages", g)}) == 50 and all(
              x[2]["X-Hub-Signature-256"] == "sha256=" +
              hmac.new(b"test_app_secret", x[3], hashlib.sha256).hexdigest() for x in g), r.stdout)
    p = subprocess.Popen([f"{build}/load", "--url", f"http://127.0.0.1:{N}/webhook/echo", "--seconds", "2",
                          "--rate", "500", "--connections", "4", "--json"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    time.sleep(0.3)
    for _ in range(3):
        behave(N, do="reset", times=20)
        time.sleep(0.3)
    j = json.loads(p.communicate(timeout=10)[0])
    check("load: survives a server that dies", j["ok"] > 300 and j["lost"] == 60, j)


try:
    for part in (meta, media, meta_sends, misbehave, chatwoot, chatwoot_account, n8n, calidda, evolution, load):
        try:
            part()
        except Exception as e:  # one broken part must not hide the others
            check(f"{part.__name__} ran to its end", False, repr(e))
finally:
    peers.send_signal(signal.SIGTERM)
    check("SIGTERM ends the doubles with 0", peers.wait(5) == 0)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
