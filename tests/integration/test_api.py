"""The HTTP API as its users see it."""
import json, re, time
from lib import *

NOBODY = "018f0000-0000-7000-8000-000000000001"


def problem(a, status, kind=None):
    """RFC 9457 with our members."""
    equal(a.status, status, repr(a))
    equal(a.headers["Content-Type"], "application/problem+json", repr(a))
    j = a.json
    assert j["type"].startswith("urn:totem:problem:") and j["title"] and j["detail"] and j["status"] == status, j
    equal(j["request_id"], a.headers["X-Request-Id"], "request_id")
    if kind:
        equal(j["type"], "urn:totem:problem:" + kind)
    return j


def test_send_and_idempotency_key():
    with Box(n8n=None) as b:
        body = {"to": "+34 600 123 456".replace(" ", ""), "type": "text", "text": {"body": "hola"}}
        key = {"Idempotency-Key": "order-1"}
        first = b.api("POST", "/api/v1/messages", body, headers=key)
        equal(first.status, 202)
        again = b.api("POST", "/api/v1/messages", body, headers=key)
        equal((again.status, again.body), (202, first.body), "the same answer again")
        equal(again.headers["Idempotency-Replayed"], "true")
        other = b.api("POST", "/api/v1/messages", {**body, "text": {"body": "adiós"}}, headers=key)
        problem(other, 409, "idempotency-conflict")
        problem(b.api("POST", "/api/v1/messages", body, headers={"Idempotency-Key": "x" * 256}), 422, "invalid")
        another = b.new_token("other", "messages:send")
        equal(b.api("POST", "/api/v1/messages", body, token=another, headers=key).status, 202, "keys belong to a token")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 2, what="two sends")
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], 2)
        wait_until(lambda: b.get("/api/v1/messages/" + first.json["id"])["status"] == "read", what="read")


def test_a_key_in_parallel():
    with Box(n8n=None) as b:
        body = json.dumps({"to": "34600123456", "type": "text", "text": {"body": "hola"}}).encode()
        got = []

        def one():
            got.append(b.api("POST", "/api/v1/messages", body, headers={"Idempotency-Key": "k", "Content-Type": "application/json"}))
        threads = [threading.Thread(target=one) for _ in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal({a.status for a in got}, {202})
        equal(len({a.json["id"] for a in got}), 1, "one message")
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], 1)


def test_what_a_send_refuses():
    with Box(n8n=None) as b:
        ok = {"to": "34600123456", "type": "text", "text": {"body": "x"}}
        bad = [{}, {**ok, "to": ""}, {**ok, "to": "abc"}, {**ok, "to": 34600123456}, {**ok, "to": "1" * 200},
               {**ok, "text": {}}, {**ok, "text": {"body": ""}}, {**ok, "text": {"body": "x" * 4097}},
               {**ok, "text": {"body": 5}}, {**ok, "type": "hologram"}, {**ok, "channel": "none"},
               {**ok, "priority": "urgent"}, {**ok, "send_at": "tomorrow"}, {**ok, "unknown_field": 1},
               {**ok, "conversation_id": NOBODY}, {"conversation_id": NOBODY, "type": "text", "text": {"body": "x"}},
               {"contact_id": NOBODY, "type": "text", "text": {"body": "x"}}, {**ok, "reply_to": ""},
               {**ok, "sender": "me"}, {**ok, "sender": {"type": "god"}}, {**ok, "hop": -1}, {**ok, "hop": 1.5}]
        for body in bad:
            a = b.api("POST", "/api/v1/messages", body)
            j = problem(a, 422, "invalid")
            assert j["errors"][0]["field"] and j["errors"][0]["detail"], (body, j)
        problem(b.api("POST", "/api/v1/messages", b"{", headers={"Content-Type": "application/json"}), 400, "not-json")
        problem(b.api("POST", "/api/v1/messages", b"[]", headers={"Content-Type": "application/json"}), 422, "invalid")
        problem(b.api("POST", "/api/v1/messages", b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415)
        a = b.api("POST", "/api/v1/messages", b'{"to":"' + b"1" * 300000 + b'"}', headers={"Content-Type": "application/json"})
        problem(a, 413, "too-long")
        equal(b.messages(), [])
        equal(b.send("34600123456", "x" * 4096)["status"], "pending", "the longest text")
        equal(b.send("34600123456", "ñ" * 4096)["status"], "pending", "characters, not bytes")


def test_send_later_and_priority():
    with Box(n8n=None) as b:
        at = time.time() + 2
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
        m = b.send("34600123456", "later", send_at=stamp)
        time.sleep(0.5)
        equal(b.peers.state("meta")["accepted"], 0, "not before its time")
        equal(b.queues()["messages"]["delayed"], 1)
        equal(b.get("/api/v1/messages/" + m["id"])["send_at"], stamp, "who looks at it is told when it leaves")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="sent later")
        assert time.time() >= at - 0.05
        far = b.send("34600123456", "far", send_at="2099-01-01T00:00:00Z", status=422)
        equal(far["errors"][0]["field"], "send_at")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", what="read")


def test_tokens_and_scopes():
    with Box(n8n=None) as b:
        for method, path in (("GET", "/api/v1/messages"), ("POST", "/api/v1/messages"), ("GET", "/api/v1/queues"),
                             ("GET", "/api/v1/whatsapp/stream"), ("GET", "/api/v1/settings"), ("GET", "/api/v1/tokens")):
            a = b.api(method, path, token=False)
            problem(a, 401, "unauthorized")
            assert "Bearer" in a.headers["WWW-Authenticate"]
            for wrong in ("x", "", b.token[:-1], b.token + "x", b.token.upper(), "a" * 5000):
                a = b.api(method, path, token=False, headers={"Authorization": "Bearer " + wrong})
                assert a.status in (401, 400, 431), (path, wrong[:20], a)
            equal(b.api(method, path, token=False, headers={"Authorization": "Basic " + b.token}).status, 401)
        reader = b.new_token("reader", "messages:read")
        equal(b.api("GET", "/api/v1/messages", token=reader).status, 200)
        for method, path in (("POST", "/api/v1/messages"), ("GET", "/api/v1/queues"), ("POST", "/api/queue-monitor/pause"),
                             ("DELETE", "/api/queue-monitor/clear"), ("GET", "/api/v1/settings"), ("POST", "/api/v1/tokens"),
                             ("POST", "/api/v1/deliveries/replay"), ("PATCH", "/api/v1/queues/messages")):
            problem(b.api(method, path, {}, token=reader), 403, "forbidden")
        made = b.post("/api/v1/tokens", {"name": "made", "scopes": ["queues:read"]}, status=201)
        equal(b.api("GET", "/api/v1/queues", token=made["token"]).status, 200)
        rows = b.get("/api/v1/tokens")["data"]
        assert all("token" not in r and "hash" not in r for r in rows), rows
        equal(b.api("DELETE", "/api/v1/tokens/" + made["id"]).status, 200)
        equal(b.api("GET", "/api/v1/queues", token=made["token"]).status, 401, "revoked at once")
        limited = b.new_token("limited", "settings")
        problem(b.api("POST", "/api/v1/tokens", {"name": "more", "scopes": ["messages:send"]}, token=limited), 403, "forbidden")


def test_settings_do_not_show_secrets():
    with Box(n8n=None) as b:
        a = b.api("GET", "/api/v1/settings")
        equal(a.status, 200)
        for secret in (META_TOKEN, SECRET, VERIFY, CHATWOOT_TOKEN, CHATWOOT_SECRET):
            assert secret.encode() not in a.body, secret
        equal(b.api("GET", "/api/v1/settings", port=b.hooks).status, 404, "not on the door for machines")


def test_unknown_paths_and_methods():
    with Box(n8n=None) as b:
        for path in ("/nothing", "/api/v1/nothing", "/api", "/webhooks", "/webhooks/whatsapp/a/b/c", "/api/v1/messages/",
                     "/api/v1/messages/1", "/api/v1/messages/" + NOBODY, "/api/v1/queues/none", "/api/v1/dead-letters/" + NOBODY,
                     "/api/v1/deliveries/" + NOBODY, "/api/v1/conversations/" + NOBODY, "/api/v1/contacts/" + NOBODY):
            problem(b.api("GET", path), 404, "not-found")
        for method, path, allowed in (("DELETE", "/api/v1/messages", "GET"), ("PUT", "/webhooks/whatsapp", "POST"),
                                      ("POST", "/healthz", "GET"), ("GET", "/api/queue-monitor/pause", "POST"),
                                      ("PATCH", "/api/v1/whatsapp/stream", "GET")):
            a = b.api(method, path)
            problem(a, 405, "method-not-allowed")
            assert allowed in a.headers["Allow"], a.headers["Allow"]
        head = b.api("HEAD", "/healthz")
        equal((head.status, head.body), (200, b""))


def test_request_ids():
    with Box(n8n=None) as b:
        a = b.api("GET", "/healthz", headers={"X-Request-Id": "abc-123"})
        equal(a.headers["X-Request-Id"], "abc-123")
        for bad in ("x" * 300, "a b", "<script>", "a\tb"):
            a = b.api("GET", "/healthz", headers={"X-Request-Id": bad})
            assert a.status == 400 or a.headers["X-Request-Id"] != bad, a
        ids = {b.api("GET", "/healthz").headers["X-Request-Id"] for _ in range(20)}
        equal(len(ids), 20, "each its own")


def test_queue_monitor():
    with Box(n8n=None) as b:
        s = b.get("/api/queue-monitor/stats")
        equal(list(s), ["webhook", "message", "deduplication"])
        for q in ("webhook", "message"):
            equal(list(s[q])[:5], ["waiting", "active", "completed", "failed", "delayed"])
            assert all(isinstance(s[q][k], int) for k in list(s[q])[:5])
        equal(list(s["deduplication"]), ["cachedMessages"])
        b.post("/api/queue-monitor/pause", {})
        for i in range(5):
            equal(b.hook(meta_hook(f"3460000000{i}", "x")).status, 200, "a paused box still takes webhooks")
            b.send("34600123456", "x")
        time.sleep(0.3)
        s = b.get("/api/queue-monitor/stats")
        equal((s["webhook"]["waiting"], s["message"]["waiting"]), (5, 5))
        equal((s["deduplication"]["cachedMessages"], b.peers.state("meta")["accepted"]), (5, 0))
        problem(b.api("DELETE", "/api/queue-monitor/clear"), 409, "confirmation-needed")
        equal(b.get("/api/queue-monitor/stats")["message"]["waiting"], 5)
        cleared = b.api("DELETE", "/api/queue-monitor/clear?confirm=clear", {"queue": "message"}).json["cleared"]
        equal(cleared, {"webhook": 0, "message": 5})
        equal({m["sending"] for m in b.messages(direction="outbound")}, {"cancelled"})
        b.stop()
        b.start()
        equal(b.get("/api/queue-monitor/stats")["webhook"]["state"], "paused", "a pause survives a restart")
        b.post("/api/queue-monitor/resume", {"queue": "webhook"})
        wait_until(lambda: len(b.messages(direction="inbound")) == 5, what="work goes on")
        b.post("/api/queue-monitor/resume")
        b.send("34600123456", "y")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="sent")
        s = b.get("/api/queue-monitor/stats")
        assert s["webhook"]["completed"] >= 5, s


def test_queues_api():
    with Box(n8n=None) as b:
        equal(sorted(b.queues()), sorted(QUEUES))
        b.post("/api/v1/queues/messages/pause")
        ids = [b.send("34600123456", f"{i}")["id"] for i in range(3)]
        wait_until(lambda: b.queues()["messages"]["waiting"] == 3, what="3 wait")
        jobs = b.get("/api/v1/queues/messages/jobs")["data"]
        equal(len(jobs), 3)
        b.get("/api/v1/queues/messages/jobs/" + jobs[0]["id"])
        b.post(f"/api/v1/queues/messages/jobs/{jobs[0]['id']}/cancel")
        wait_until(lambda: b.get("/api/v1/messages/" + ids[0])["sending"] == "cancelled", what="cancelled")
        problem(b.api("POST", "/api/v1/queues/messages/clear", {}), 409, "confirmation-needed")
        problem(b.api("POST", "/api/v1/queues/messages/clear", {"confirm": 1}), 409, "confirmation-needed")
        b.post("/api/v1/queues/messages/clear", {"confirm": 2})
        b.post("/api/v1/queues/messages/resume")
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        b.post("/api/v1/queues/messages/pause", {"until": soon})
        b.send("34600123456", "after the pause")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="the pause ends by itself")
        equal(b.api("PATCH", "/api/v1/queues/messages", {"attempts": 2}).json["limits"]["attempts"], 2)
        problem(b.api("PATCH", "/api/v1/queues/messages", {"attempts": 0}), 422)
        problem(b.api("PATCH", "/api/v1/queues/messages", {"colour": 1}), 422)


def test_dead_letter_and_retry():
    with Box(n8n=None) as b:
        b.peers.behave("meta", "meta_error", code=131026, status=400, times=1)
        m = b.send("34600123456", "undeliverable")
        letter = wait_until(b.dead_letters, what="a dead letter")[0]
        equal((letter["queue"], b.get("/api/v1/messages/" + m["id"])["status"]), ("messages", "failed"))
        full = b.get("/api/v1/dead-letters/" + letter["id"])
        assert full["error"] and full["reason"], full
        equal(full["message_id"], m["id"], "what it was to send")
        equal(b.get("/api/queue-monitor/stats")["message"]["failed"], 1)
        dry = b.post("/api/v1/dead-letters/retry", {"queue": "messages", "dry_run": True})
        equal((dry["matching"], dry["retried"]), (1, 0))
        b.post(f"/api/v1/dead-letters/{letter['id']}/retry", status=202)
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="sent after the retry")
        equal(b.dead_letters(), [])
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", what="read")
        problem(b.api("POST", f"/api/v1/dead-letters/{letter['id']}/retry", {}), 404, "not-found")

        b.peers.behave("meta", "meta_error", code=131026, status=400, times=3)
        for i in range(3):
            b.send(f"3460012345{i}", "again")
        wait_until(lambda: len(b.dead_letters()) == 3, what="3 dead letters")
        b.post(f"/api/v1/dead-letters/{b.dead_letters()[0]['id']}/discard")
        many = b.post("/api/v1/dead-letters/retry", {"queue": "messages"}, status=202)
        equal((many["retried"], many["refused"]), (2, 0))
        wait_until(lambda: b.peers.state("meta")["accepted"] == 3, what="both sent")
        equal(b.peers.state("meta")["doubled"], 0)


def test_deliveries_and_replay():
    with Box(n8n=None) as b:
        begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
        for i in range(4):
            b.hook(meta_hook(f"3460000000{i}", f"text {i}"))
        wait_until(lambda: len(b.messages(direction="inbound")) == 4, what="4 messages")
        b.wait_idle()
        rows = b.get("/api/v1/deliveries?source=meta")["data"]
        equal(len(rows), 4)
        one = b.get("/api/v1/deliveries/" + rows[0]["id"])
        assert "text 3" in one["body"] and one["signature"] == "valid", one
        dry = b.post("/api/v1/deliveries/replay", {"from": begin, "to": end, "source": "meta", "dry_run": True})
        equal((dry["matching"], dry["replaying"]), (4, 0))
        b.post(f"/api/v1/deliveries/{rows[0]['id']}/replay", status=202)
        many = b.post("/api/v1/deliveries/replay", {"from": begin, "to": end}, status=202)
        equal(many["replaying"], many["matching"])
        b.wait_idle()
        equal(len(b.messages(direction="inbound")), 4, "processing again makes nothing twice")
        equal(b.peers.state("chatwoot")["doubled"], 0)
        problem(b.api("POST", "/api/v1/deliveries/replay", {"from": end, "to": begin}), 422, "invalid")


def test_paging():
    with Box(n8n=None) as b:
        b.post("/api/v1/queues/messages/pause")
        want = [b.send(f"346001234{i:02}", f"{i}")["id"] for i in range(25)]
        got, after = [], ""
        while True:
            page = b.get("/api/v1/messages?limit=7" + after)
            got += [m["id"] for m in page["data"]]
            if not page["next"]:
                break
            after = "&after=" + page["next"]
        equal(sorted(got), sorted(want), "every row once")
        equal(len(b.get("/api/v1/conversations?limit=500")["data"]), 25)
        problem(b.api("GET", "/api/v1/messages?limit=0"), 422)
        problem(b.api("GET", "/api/v1/messages?limit=x"), 422)
        for wrong in ("x", "1", "1.", "zz.zz", "%ff", "1.1.1"):
            problem(b.api("GET", "/api/v1/messages?after=" + wrong), 422, "invalid")
        b.post("/api/v1/queues/messages/clear", {"confirm": "clear"})


def test_stream_resumes_without_gap():
    with Box(n8n=None) as b:
        s = b.stream()
        assert b"text/event-stream" in s.head, s.head
        seen = []
        for i in range(60):
            b.hook(meta_hook(f"34600{i % 7:06}", f"{i}"))
            if i % 20 == 10:  # cut in the middle, perhaps within an event
                s.close()
                s.thread.join(5)
                seen += s.events
                last = seen[-1][0] if seen else None
                time.sleep(0.02)
                s = b.stream(last if last is not None else 0)
        wait_until(lambda: len([1 for _, k, _ in seen + s.events if k == "whatsapp_message"]) >= 60, what="60 messages")
        seen += s.events
        ids = [i for i, _, _ in seen]
        equal(ids, sorted(set(ids)), "every event once and in order")
        texts = [d["content"] for _, k, d in seen if k == "whatsapp_message"]
        equal(sorted(texts, key=int), [str(i) for i in range(60)], "no gap")
        again = b.stream(0)
        wait_until(lambda: len([1 for _, k, _ in again.events if k == "whatsapp_message"]) == 60, what="all from the start")
        far = b.stream(10 ** 15)
        wait_until(lambda: far.events, what="reset")
        equal(far.events[0][1], "reset", "a place that does not exist is told")


def test_stream_survives_a_restart():
    with Box(n8n=None) as b:
        s = b.stream()
        b.hook(meta_hook("34600000001", "before"))
        wait_until(lambda: "whatsapp_message" in s.kinds(), what="before")
        last = s.events[-1][0]
        b.kill()
        assert s.closed.wait(10)
        b.start()
        b.hook(meta_hook("34600000001", "after"))
        t = b.stream(last)
        wait_until(lambda: [d for _, k, d in t.events if k == "whatsapp_message" and d["content"] == "after"], what="after")
        assert all(i > last for i, _, _ in t.events)


def test_health_metrics_and_openapi():
    with Box() as b:
        equal(b.api("GET", "/healthz", token=False).json["status"], "ok")
        ready = b.api("GET", "/readyz", token=False)
        equal((ready.status, ready.json["status"]), (200, "ready"))
        b.hook(meta_hook("34600000001", "x"))
        b.wait_idle()
        a = b.api("GET", "/metrics", token=False)
        equal(a.status, 200)
        assert a.headers["Content-Type"].startswith("text/plain"), a.headers
        kind, seen = {}, set()
        for line in a.body.decode().splitlines():
            if line.startswith("# TYPE "):
                _, _, name, t = line.split()
                assert name not in kind, "TYPE twice: " + name
                kind[name] = t
            elif line and not line.startswith("#"):
                m = re.fullmatch(r'([a-z_][a-z0-9_]*)(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? ([-+0-9.eEInfNa]+)', line)
                assert m, "not Prometheus text: " + line
                base = re.sub(r"_(bucket|sum|count)$", "", m.group(1))
                assert m.group(1) in kind or kind.get(base) == "histogram", "without TYPE: " + line
                assert line.rsplit(" ", 1)[0] not in seen, "twice: " + line
                seen.add(line.rsplit(" ", 1)[0])
                float(m.group(4))
        for name in ("totem_queue_waiting", "totem_webhook_stored_total", "totem_store_commit_seconds"):
            assert any(s.startswith(name) for s in seen), name

        doc = b.api("GET", "/openapi.json", token=False).json
        assert doc["openapi"].startswith("3.1"), doc["openapi"]
        assert doc["info"]["title"] and doc["info"]["version"]
        refs = set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(doc)))
        for ref in refs:
            at = doc
            for part in ref.removeprefix("#/").split("/"):
                at = at[part.replace("~1", "/")]
        ids = [o["operationId"] for p in doc["paths"].values() for m, o in p.items() if "operationId" in o]
        equal(len(ids), len(set(ids)), "operation ids")
        for path, methods in doc["paths"].items():
            for method in methods:
                if method not in ("get", "post", "put", "patch", "delete"):
                    continue
                if path.endswith("/stream"):
                    continue
                concrete = path.replace("{channel}", "main").replace("{bridge}", "chatwoot").replace("{secret}", "x")
                concrete = concrete.replace("{queue}", "messages").replace("{id}", NOBODY)
                a = b.api(method.upper(), concrete, token=False)
                assert a.status not in (404, 405) or "{" in path, (method, path, a)
                assert a.status in (200, 400, 401, 403, 404), (method, path, a)


def test_status_and_incidents():
    with Box() as b:
        s = b.get("/api/v1/status")
        assert isinstance(s, dict) and s, s
        equal(b.get("/api/v1/incidents")["data"], [])


def test_pages():
    with Box(n8n=None) as b:
        a = b.api("GET", "/", token=False)
        equal(a.status, 200)
        assert a.headers["Content-Type"].startswith("text/html"), a.headers
        assert "default-src" in a.headers.get("Content-Security-Policy", ""), dict(a.headers)
        equal(a.headers.get("X-Content-Type-Options"), "nosniff")
        for path in re.findall(rb'(?:src|href)="(/[^"#]+)"', a.body):
            got = b.api("GET", path.decode(), token=False)
            equal(got.status, 200, path)
        assert not re.search(rb'(?:src|href)="https?://', a.body), "nothing from elsewhere"
        equal(b.api("GET", "/docs", token=False).status, 200)
        equal(http_call(b.hooks, "GET", "/").status, 404, "the page is not on the door for machines")
