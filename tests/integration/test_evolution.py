"""Evolution API as the provider: both ways, echoes, doubt, kills, files, large bodies, a QR code; the real binary against the
double."""
import base64, concurrent.futures, threading, time
from lib import *

DOUBLES = ("--meta", "0", "--chatwoot", "0", "--n8n", "0", "--evolution", "0")
KEY, BADGE = "double-evolution-key", "double-evolution-badge"


def evolution_box(more=None, **kw):
    """One channel, of Evolution."""
    b = Box(peers=DOUBLES, start=False, **kw)
    b.settings = {k: v for k, v in b.settings.items() if not k.startswith("channel.")}
    b.settings.update({"channel.evo.provider": "evolution", "channel.evo.base_url": f"http://127.0.0.1:{b.peers.port['evolution']}",
                       "channel.evo.instance": "loja", "channel.evo.api_key": KEY,
                       "channel.evo.webhook_header_name": "X-Totem-Key", "channel.evo.webhook_header_value": BADGE,
                       "channel.evo.rate_per_second": "1000", "channel.evo.recipient_every_ms": "0",
                       "channel.evo.timeout_ms": "2000", **(more or {})})
    b.start()
    return b


def evo_hook(b, body, path="/webhooks/evolution/evo", badge=BADGE, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http_call(b.hooks, "POST", path, raw, {"Content-Type": "application/json",
                                                  **({"X-Totem-Key": badge} if badge else {}), **headers})


def envelope(data, event="messages.upsert", instance="loja"):
    return {"event": event, "instance": instance, "data": data, "apikey": KEY}


def text_data(key, text, sender="5511955501234"):
    return {"key": {"remoteJid": f"{sender}@s.whatsapp.net", "fromMe": False, "id": key}, "pushName": "Rui",
            "message": {"conversation": text}, "messageType": "conversation", "messageTimestamp": int(time.time())}


def words(m):
    return m["content"]


def test_evolution_both_ways():
    """A customer writes, n8n answers, Chatwoot sees both, statuses come back; every webhook comes twice."""
    with evolution_box() as b:
        b.peers.options("evolution", duplicate_percent=100)
        for i in range(20):
            b.peers.say("evolution", **{"from": f"55119555012{i:02}", "text": f"oi {i}"})
        wait_until(lambda: len(b.messages(direction="outbound", status="read")) == 20, what="20 answers that were read")
        b.wait_idle()
        equal(len(b.messages()), 40, "no twins by echoes or duplicates")
        s = b.peers.state("evolution")
        equal((s["accepted"], s["doubled"], s["hooks_lost"]), (20, 0, 0))
        equal(b.peers.state("chatwoot")["doubled"], 0)
        equal(len(b.dead_letters()), 0)
        assert KEY not in b.log() and BADGE not in b.log(), "secrets in the log"
        for name in ("totem.db", "totem.db-wal"):
            assert KEY.encode() not in Path(b.data, name).read_bytes(), f"the api key lies open in {name}"


def test_evolution_echo_before_and_after_the_answer():
    with evolution_box(n8n=None) as b:
        for echo, upsert in ((1, 0), (2, 0), (1, 1), (2, 1)):
            b.peers.options("evolution", echo=echo, as_upsert=upsert)
            for i in range(5):
                b.send(f"55119555013{i:02}", f"oi {echo} {upsert} {i}")
        wait_until(lambda: len(b.messages(status="read")) == 20, what="all read")
        b.wait_idle()
        equal(len(b.messages()), 20, "an echo became a message")
        equal(b.peers.state("evolution")["doubled"], 0)
        b.peers.call("evolution", "phone", {"to": "5511955501300", "text": "escrito no telefone"})
        m = wait_until(lambda: [m for m in b.messages() if words(m) == "escrito no telefone"], what="the phone's own")[0]
        equal((m["direction"], m["source"]), ("outbound", "phone"))


def test_evolution_kills_while_sending():
    """kill -9 during sends, again and again: nothing twice, nothing lost, doubt is settled by asking or shown."""
    with evolution_box(n8n=None) as b:
        b.peers.options("evolution", sent_ms=20, delivered_ms=20, read_ms=20)
        b.peers.behave("evolution", "delay", ms=60, times=-1, match="/message/send")
        accepted = []
        for kill in range(6):
            def post(i):
                try:
                    a = b.api("POST", "/api/v1/messages", {"to": f"551195550{kill}{i:03}", "type": "text",
                                                           "text": {"body": f"m {kill} {i}"}})
                    if a.status == 202:
                        accepted.append(a.json["id"])
                except (OSError, http.client.HTTPException):
                    pass
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                jobs = [pool.submit(post, i) for i in range(25)]
                time.sleep(0.3)
                b.kill()
            b.start()
        wait_until(lambda: all(m["status"] in ("read", "failed") or m.get("sending") == "unknown" for m in b.messages()),
                   timeout=60, what=lambda: [m for m in b.messages() if m["status"] != "read"][:3])
        b.wait_idle(60)
        rows = {m["id"]: m for m in b.messages()}
        s = b.peers.state("evolution")
        equal(s["doubled"], 0, "sent twice")
        equal([i for i in accepted if i not in rows], [], "acknowledged and lost")
        unknown = [m for m in rows.values() if m.get("sending") == "unknown"]
        left = {x for x in rows if rows[x]["status"] == "read"}
        equal(len(left) + len(unknown), len(rows))
        assert s["accepted"] >= len(left), (s["accepted"], len(left))


def test_evolution_doubt_is_asked_for():
    with evolution_box(n8n=None) as b:
        b.peers.options("evolution", echo=0, statuses=0)
        b.peers.behave("evolution", "cut_after_request", match="/message/send")
        m = b.send("5511955501234", "sem resposta")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "accepted", what="found at Evolution")
        equal(b.peers.state("evolution")["accepted"], 1)
        b.peers.options("evolution", save=0)  # its database keeps nothing: it cannot tell
        b.peers.behave("evolution", "cut_after_request", match="/message/send")
        m = b.send("5511955501234", "sem banco")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"]).get("sending") == "unknown", what="in doubt")
        time.sleep(1)
        equal(b.peers.state("evolution")["accepted"], 2, "never repeated by itself")


def test_evolution_2_4_names_its_keys():
    with evolution_box(n8n=None, more={"channel.evo.check_minutes": "60"}) as b:
        b.peers.options("evolution", v24=1)
        b.post("/api/v1/channels/evo/check", status=202)
        wait_until(lambda: b.get("/api/v1/channels/evo")["facts"].get("server_version") == "2.4.0-rc2", what="the version")
        b.peers.options("evolution", echo=2)
        b.peers.behave("evolution", "cut_after_request", match="/message/send", times=3)
        for i in range(6):
            b.send("5511955501234", f"com chave {i}")
        wait_until(lambda: len(b.messages(status="read")) == 6, what="all read")
        keys = {x["key"] for x in b.peers.messages("evolution")}
        assert len(keys) == 6 and all(re.fullmatch("3EB0[0-9A-F]{28}", k) for k in keys), keys
        equal(b.peers.state("evolution")["doubled"], 0)


def test_evolution_licence_and_connection():
    with evolution_box(n8n=None, more={"channel.evo.check_minutes": "60"}) as b:
        b.peers.options("evolution", licence=1)
        m = b.send("5511955501234", "espera")
        wait_until(lambda: b.get("/api/v1/channels/evo")["facts"].get("licence") == "needs activation", what="the state")
        equal(b.get("/api/v1/messages/" + m["id"])["status"], "pending")
        equal(len(b.dead_letters()), 0)
        b.peers.options("evolution", licence=0)
        b.post("/api/v1/channels/evo/resume")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", what="sent after the activation")
        assert "licence" not in b.get("/api/v1/channels/evo")["facts"]
        b.peers.call("evolution", "connection", {"state": "close", "reason": 401})
        wait_until(lambda: b.get("/api/v1/channels/evo")["facts"].get("connection") == "close", what="closed")
        b.post("/api/v1/channels/evo/connect", status=202)
        f = wait_until(lambda: (lambda f: f if "qr_code" in f else None)(b.get("/api/v1/channels/evo")["facts"]), what="a QR code")
        assert f["qr_code"].startswith("2@double") and f["qr_image"].startswith("data:image/png"), f
        b.peers.call("evolution", "connection", {"state": "open"})
        wait_until(lambda: "qr_code" not in b.get("/api/v1/channels/evo")["facts"], what="open")


def test_evolution_webhook_is_set_with_a_jwt():
    with evolution_box(n8n=None, more={"channel.evo.webhook_header_value": "", "channel.evo.webhook_jwt_key": "shared"}) as b:
        b.stop()
        b.settings["channel.evo.webhook_url"] = f"http://127.0.0.1:{b.hooks}/webhooks/evolution/evo"
        b.start()
        b.peers.say("evolution", text="antes")  # with the header: refused for good
        wait_until(lambda: b.peers.state("evolution")["hooks_lost"] == 1, what="401")
        b.post("/api/v1/channels/evo/connect", status=202)
        wait_until(lambda: b.get("/api/v1/channels/evo")["facts"].get("connection") == "open", what="asked")
        b.peers.options("evolution", by_events=1)
        b.peers.say("evolution", text="depois")
        wait_until(lambda: [m for m in b.messages() if words(m) == "depois"], what="taken with a JWT")


def test_evolution_bodies_that_are_not_understood():
    with evolution_box(n8n=None) as b:
        for body in (b"{", b"[]", b"", b"\xff\xfe", b'{"event":"x"}', json.dumps(envelope([None, 1, {"key": 7}])).encode(),
                     json.dumps(envelope({"a": 1}, "moon.phase")).encode(), b"[" * 100000):
            equal(evo_hook(b, body).status, 200, body[:40])
        equal(evo_hook(b, envelope(text_data("A", "x")), path="/webhooks/evolution/nobody").status, 200, "kept with a note")
        for badge in (None, "wrong"):
            equal(evo_hook(b, envelope(text_data("B", "x")), badge=badge).status, 401)
        equal(evo_hook(b, envelope(text_data("B", "x")), badge=None, path="/webhooks/evolution/nobody").status, 401)
        equal(evo_hook(b, envelope(text_data("C", "por caminho")), path="/webhooks/evolution/evo/messages-upsert").status, 200)
        wait_until(lambda: [m for m in b.messages() if words(m) == "por caminho"], what="the good one")
        b.wait_idle()
        equal(len(b.messages()), 1)
        notes = [d["put_aside"] for d in b.get("/api/v1/deliveries?source=evolution")["data"]]
        assert "its address names no channel of Evolution" in notes, notes


def test_evolution_files_inside_and_fetched():
    png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
    with evolution_box(n8n=None) as b:
        data = text_data("IMG1", "")
        data["message"] = {"imageMessage": {"mimetype": "image/png", "caption": "dentro"}, "base64": base64.b64encode(png).decode()}
        equal(evo_hook(b, envelope(data)).status, 200)
        b.peers.say("evolution", **{"from": "5511955501234", "message": {"imageMessage": {"mimetype": "image/png", "caption": "fora"}}})
        rows = wait_until(lambda: (lambda r: r if len(r) == 2 else None)([m for m in b.messages() if (m.get("media") or {}).get("state") == "stored"]),
                          what=lambda: b.messages())
        for m in rows:
            a = b.api("GET", "/api/v1/media/" + m["media"]["id"])
            equal((a.status, a.body), (200, png))


def test_evolution_files_go_out_inside_of_the_request():
    png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
    with evolution_box(n8n=None) as b:
        up = b.api("POST", "/api/v1/media", png, headers={"Content-Type": "image/png"})
        assert up.status in (200, 201), up
        b.post("/api/v1/messages", {"to": "5511955501234", "type": "image",
                                    "image": {"media_id": up.json["id"], "caption": "veja"}}, 202)
        m = wait_until(lambda: b.messages(status="read"), what="read")[0]
        sent = b.peers.messages("evolution")
        equal((len(sent), sent[0]["path"], sent[0]["text"]), (1, "/message/sendMedia/loja", "image veja"))
        b.wait_idle()
        equal(len(b.messages()), 1, "its echo is no message")
        a = b.api("POST", "/api/v1/messages", {"to": "5511955501234", "type": "image", "image": {"id": "123"}})
        equal(a.status, 422, a)


def test_evolution_what_was_missed_is_asked_for():
    with evolution_box(n8n=None, more={"channel.evo.check_minutes": "60"}) as b:
        b.peers.call("evolution", "connection", {"state": "open"})  # asks; the first look takes nothing
        wait_until(lambda: "caught_up_at" in b.get("/api/v1/channels/evo")["facts"], what="the first look")
        b.stop()
        for i in range(3):
            b.peers.say("evolution", **{"from": "5511955501234", "text": f"perdida {i}", "silent": 1})
        b.start()
        b.peers.call("evolution", "connection", {"state": "open"})
        wait_until(lambda: len(b.messages(direction="inbound")) == 3, what="what was missed")
        b.wait_idle()
        equal(len(b.messages()), 3)


def test_evolution_large_bodies_do_not_stay_in_memory():
    with evolution_box(n8n=None) as b:
        before = b.rss_mb()
        blob = base64.b64encode(os.urandom(15 << 20)).decode()  # 20 MB of base64

        def one(i):
            data = text_data(f"BIG{i}", "")
            data["message"] = {"documentMessage": {"mimetype": "application/octet-stream", "fileName": f"{i}.bin"}, "base64": blob}
            return evo_hook(b, envelope(data)).status
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            equal(set(pool.map(one, range(3))), {200})
        wait_until(lambda: len([m for m in b.messages() if (m.get("media") or {}).get("state") == "stored"]) == 3, timeout=60,
                   what=lambda: b.messages())
        try:
            equal(evo_hook(b, b"x" * (31 << 20)).status, 413)
        except OSError:
            pass  # refused before all of it was sent
        b.wait_idle()
        if not b.sanitized:  # 64 MB: the page cache of the database's writer, which any traffic fills
            wait_until(lambda: b.rss_mb() < before + 64 + 30, what=lambda: f"{before} -> {b.rss_mb()} MB")
