"""The door for webhooks: handshake, signatures, the way of one message through the box and back."""
import json, threading, time
from lib import *


def test_handshake():
    with Box() as b:
        path = "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token={}&hub.challenge=1158201444"
        a = http_call(b.hooks, "GET", path.format(VERIFY))
        equal((a.status, a.body), (200, b"1158201444"))
        assert a.headers["Content-Type"].startswith("text/plain"), a.headers
        a = http_call(b.hooks, "GET", path.format(VERIFY).replace("whatsapp?", "whatsapp/main?"))
        equal((a.status, a.body), (200, b"1158201444"), "by the channel's path")
        for bad in (path.format("wrong"), path.format(""), path.format(VERIFY).replace("subscribe", "other"),
                    path.format(VERIFY).replace("1158201444", "%3Cscript%3E"), "/webhooks/whatsapp"):
            a = http_call(b.hooks, "GET", bad)
            equal(a.status, 403, bad)
            assert VERIFY.encode() not in a.body and b"<script>" not in a.body, a
        equal(http_call(b.hooks, "GET", path.format(VERIFY).replace("whatsapp?", "whatsapp/none?")).status, 403)
        equal(b.peers.call("meta", "handshake")["ok"], True, "the double's handshake")


def test_signature():
    with Box() as b:
        body = meta_hook("5511900000001", "hola")
        good = sign(body)
        bad = {"wrong secret": sign(body, "other"), "missing": False, "truncated": good[:-1], "empty": "sha256=",
               "without prefix": good[7:], "sha1": good.replace("sha256", "sha1"), "longer": good + "0",
               "not hex": good[:-1] + "g", "of another body": sign(body + b" "), "blank": " "}
        for what, signature in bad.items():
            a = b.hook(body, signature)
            equal(a.status, 401, what)
            equal(a.headers["Content-Type"], "application/problem+json", what)
        equal(b.get("/api/v1/deliveries")["data"], [], "a refused request is not stored")
        equal(b.metrics()["totem_webhook_signature_failures_total"], float(len(bad)))
        equal(b.hook(body, "sha256=" + good[7:].upper()).status, 401, "upper-case digits")
        equal(b.get("/api/v1/deliveries")["data"], [])
        equal(b.hook(body).status, 200)
        a = b.hook(body)
        equal(a.status, 200, "the same bytes again")
        wait_until(lambda: len(b.messages(direction="inbound")) == 1, what="one message")
        b.wait_idle()
        equal(len(b.messages(direction="inbound")), 1, "the same bytes are one message")


def test_signature_while_the_secret_is_replaced():
    with Box({"channel.main.app_secret": "new-secret " + SECRET}) as b:
        for i, secret in enumerate(("new-secret", SECRET)):
            body = meta_hook(f"551190000001{i}", "x")
            equal(b.hook(body, sign(body, secret)).status, 200, secret)
        equal(b.hook(meta_hook("5511900000019", "x"), sign(b"x", "third")).status, 401)


def test_chatwoot_signature():
    with Box() as b:
        body = json.dumps({"event": "message_updated", "id": 1}).encode()
        equal(b.chatwoot_hook(body).status, 200)
        equal(b.chatwoot_hook(body, secret="wrong").status, 401, "wrong secret")
        equal(b.chatwoot_hook(body, at=time.time() - 3600).status, 401, "old")
        equal(b.chatwoot_hook(body, at=time.time() + 3600).status, 401, "from the future")
        equal(http_call(b.hooks, "POST", "/webhooks/chatwoot/chatwoot", body).status, 401, "missing")
        equal(b.chatwoot_hook(body, path="/webhooks/chatwoot/none").status, 200, "signed, for a bridge that does not exist")
        wait_until(lambda: [d for d in b.get("/api/v1/deliveries?put_aside=true")["data"] if d["source"] == "chatwoot"],
                   what="put aside with a note")
        equal(b.chatwoot_hook(body, path="/webhooks/chatwoot/none", secret="wrong").status, 401)
        equal(b.chatwoot_hook(body, path="/webhooks/chatwoot/chatwoot/guess").status, 401, "a path secret is not set")


def test_old_chatwoot_with_path_secret():
    with Box({"chatwoot.chatwoot.path_secret": "s3cr3t-path"}) as b:
        body = json.dumps({"event": "message_updated", "id": 1}).encode()
        equal(http_call(b.hooks, "POST", "/webhooks/chatwoot/chatwoot/s3cr3t-path", body).status, 200)
        equal(http_call(b.hooks, "POST", "/webhooks/chatwoot/chatwoot/s3cr3t-patH", body).status, 401)
        equal(http_call(b.hooks, "POST", "/webhooks/chatwoot/chatwoot", body).status, 401)


def test_one_message_all_the_way():
    """In from Meta, once in Chatwoot with its marks; an agent answers; once at Meta; statuses come back and are shown."""
    with Box(n8n=None) as b:
        stream = b.stream()
        b.peers.say("meta", **{"from": "5511987654321", "name": "Rui", "text": "olá, tudo bem?"})
        cw = wait_until(lambda: b.peers.messages("chatwoot"), what="Chatwoot has the message")
        equal(len(cw), 1)
        m = wait_until(lambda: b.messages(direction="inbound"), what="message")[0]
        equal((m["content"], m["type"], m["wa_id"], m["sender_type"], m["source"]),
              ("olá, tudo bem?", "text", "5511987654321", "customer", "customer"))
        conversation = b.get("/api/v1/conversations")["data"]
        equal(len(conversation), 1)
        equal((conversation[0]["contact_name"], conversation[0]["unread_count"]), ("Rui", 1))
        equal(m["conversation_id"], conversation[0]["id"])
        equal(cw[0]["source_id"], "totem:meta:" + m["meta_message_id"], "source_id")
        attributes = cw[0]["content_attributes"]
        equal((attributes["totem"]["o"], attributes["totem"]["m"]), ("wa", m["id"]), "the mark")
        equal(cw[0]["message_type"], 0, "incoming")
        thread = wait_until(lambda: b.get(f"/api/v1/conversations/{m['conversation_id']}")["chatwoot_conversation_id"],
                            what="the thread is known")

        b.peers.say("chatwoot", conversation=thread, content="Bom dia, **Rui**!")
        sent = wait_until(lambda: b.peers.messages("meta"), what="Meta got the answer")
        out = wait_until(lambda: [x for x in b.messages(direction="outbound") if x["status"] == "read"], what="read")[0]
        equal((sent[0]["to"], sent[0]["text"]), ("5511987654321", "Bom dia, *Rui*!"), "marks are translated")
        equal((out["sender_type"], out["source"], out["sending"]), ("chatwoot_agent", "support_bridge", "done"))
        one = b.get("/api/v1/messages/" + out["id"])
        words = [s["status"] for s in one["statuses"]]
        equal([w for w in words if w in ("sent", "delivered", "read")], ["sent", "delivered", "read"], "history")
        b.wait_idle()
        equal(b.peers.state("meta")["doubled"], 0)
        equal(b.peers.state("meta")["accepted"], 1, "sent once")
        equal(b.peers.state("chatwoot")["accepted"], 1, "our agent's answer is not mirrored back")
        wait_until(lambda: stream.kinds().count("status") >= 3, what="statuses in the stream")
        told = [(k, d.get("status")) for _, k, d in stream.events if k != "conversation"]
        kinds = [k for k, _ in told]
        assert kinds.index("whatsapp_message") < kinds.index("whatsapp_echo") < kinds.index("status"), told
        ids = [i for i, _, _ in stream.events]
        equal(ids, sorted(set(ids)), "ids rise")
        equal(b.dead_letters(), [])


def test_n8n_answers_in_the_response():
    with Box() as b:
        b.peers.say("meta", **{"from": "34600111222", "text": "¿qué hora es?"})
        sent = wait_until(lambda: b.peers.messages("meta"), what="the answer at Meta")
        equal((sent[0]["to"], sent[0]["text"]), ("34600111222", "eco: ¿qué hora es?"))
        wait_until(lambda: [m for m in b.messages(direction="outbound") if m["status"] == "read"], what="read")
        out = b.messages(direction="outbound")[0]
        equal((out["sender_type"], out["source"], out["hop"]), ("ai", "ai_response", 1))
        cw = wait_until(lambda: len(b.peers.messages("chatwoot")) == 2 and b.peers.messages("chatwoot"), what="both in Chatwoot")
        answer = [m for m in cw if m["message_type"] == 1][0]
        equal(answer["content_attributes"]["source"], "ai_response")
        b.wait_idle()
        for who, n in (("meta", 1), ("chatwoot", 2), ("n8n", 1)):
            s = b.peers.state(who)
            equal((s["accepted"], s["doubled"]), (n, 0), who)


def test_n8n_answers_later():
    """n8n says "started" and calls the API later, twice with one key: one send."""
    with Box(n8n="/webhook/immediately", settings={"n8n.main.reply_url": "http://box.example/api/v1/messages"}) as b:
        b.peers.options("n8n", call_twice=1)
        b.peers.say("meta", **{"from": "34600111223", "text": "hola"})
        sent = wait_until(lambda: b.peers.messages("meta"), what=lambda: f"the answer at Meta: {b.peers.state('n8n')}")
        equal((sent[0]["to"], sent[0]["text"]), ("34600111223", "eco: hola"))
        wait_until(lambda: b.peers.state("n8n")["calls_ok"] == 2, what="both calls answered")
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], 1, "one send")
        out = b.messages(direction="outbound")
        equal(len(out), 1)
        equal((out[0]["sender_type"], out[0]["source"]), ("ai", "ai_response"))


def test_batches_and_layouts():
    """R16: several messages and statuses in one POST, in every layout; all are handled, once."""
    with Box(n8n=None) as b:
        b.peers.options("meta", batch_max=100, duplicate_percent=50, shuffle=1)
        for i in range(6):
            b.peers.say("meta", times=5, text=f"n{i}", **{"from": f"3460011{i:04}"})
        wait_until(lambda: len(b.messages(direction="inbound")) == 30, what="30 messages")
        wait_until(lambda: b.peers.state("chatwoot")["distinct"] == 30, what="30 in Chatwoot")
        b.wait_idle()
        equal(len(b.messages(direction="inbound")), 30)
        equal(b.peers.state("chatwoot")["doubled"], 0)


def test_early_statuses_and_disorder():
    """A status before the answer of our send, read before delivered, twice: the rank only rises."""
    with Box(n8n=None) as b:
        b.peers.behave("meta", "early_status", ms=200, times=1)
        m = b.send("34600999888", "hola")
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", what="read")
        wamid = b.get("/api/v1/messages/" + m["id"])["meta_message_id"]
        for s in ("delivered", "sent", "delivered"):
            b.peers.call("meta", "status", {"id": wamid, "to": "34600999888", "status": s})
        b.wait_idle()
        one = b.get("/api/v1/messages/" + m["id"])
        equal(one["status"], "read")
        words = [s["status"] for s in one["statuses"]]
        equal(len(words), len(set(words)), "each word once")


def test_what_cannot_be_used_is_kept():
    """Signed, but no JSON, not ours, or an unknown kind: 200, stored, put aside with a reason, no dead end."""
    with Box(doubles=False) as b:
        bodies = [b"{", b"", b"null", b"[]", b'"x"', b"{}", b'{"object":"page","entry":[]}', b"\xff\xfe\x00", b"{\"a\":\"\xff\"}",
                  b'{"object":"whatsapp_business_account","entry":{}}',
                  b'{"object":"whatsapp_business_account","entry":[{"changes":[{"value":null,"field":"messages"}]}]}',
                  meta_hook("34600000001", "x", phone_id="999"), b"[" * 20000 + b"]" * 20000,
                  b'{"a":' * 5000 + b"1" + b"}" * 5000,
                  meta_body([meta_value([{"from": "34600000002", "id": new_wamid(), "timestamp": "1", "type": "hologram"}])])]
        for body in bodies:
            equal(b.hook(body).status, 200, body[:60])
        b.wait_idle()
        rows = b.get("/api/v1/deliveries?limit=100")["data"]
        equal(len(rows), len(bodies), "each is stored")
        aside = [r for r in rows if r["put_aside"]]
        assert len(aside) >= len(bodies) - 3, [(r["put_aside"], i) for i, r in enumerate(rows)]
        equal(len(b.get("/api/v1/deliveries?put_aside=true&limit=100")["data"]), len(aside))
        body = b.get("/api/v1/deliveries/" + rows[-1]["id"])
        equal((body["body"], body["body_size"]), ("{", 1))
        binary = [b.get("/api/v1/deliveries/" + r["id"]) for r in rows]
        assert any(d["body_encoding"] == "base64" for d in binary)
        equal(b.hook(meta_hook("34600000003", "after")).status, 200)
        wait_until(lambda: [m for m in b.messages(direction="inbound") if m["content"] == "after"], what="the next is served")
