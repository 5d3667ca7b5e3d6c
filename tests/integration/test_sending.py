"""Sending as a caller sees it: every documented example leaves, templates and the window are known before queueing, what waits
can be cancelled, what is in doubt is decided by a person, receipts and typing reach WhatsApp."""
import json, time
from pathlib import Path
from lib import *

ROOT = Path(__file__).resolve().parents[2]
TO = "59171234567"
QUIET = {"chatwoot.chatwoot.url": None}


def examples():
    doc = json.loads((ROOT / "web/openapi/operations.json").read_text())
    return doc["POST /api/v1/messages"]["requestBody"]["content"]["application/json"]["examples"]


def settled(b, m, *status):
    return wait_until(lambda: (lambda x: x if x["status"] in status else None)(b.get("/api/v1/messages/" + m["id"])), 30,
                      what=lambda: f"{status}: {b.get('/api/v1/messages/' + m['id'])} {b.busy()}")


def with_provider_ids(x):
    """A file of the provider's own needs none of ours."""
    if isinstance(x, dict):
        return {("id" if k == "media_id" else k): ("1234567890" if k == "media_id" else with_provider_ids(v)) for k, v in x.items()}
    return [with_provider_ids(v) for v in x] if isinstance(x, list) else x


def test_every_example_leaves_and_is_taken_by_meta():
    with Box(n8n=None, settings=QUIET) as b:
        sent = []
        for name, e in examples().items():
            body = with_provider_ids(e["value"])
            if "send_at" in body or body["type"] == "poll":  # the second provider's
                continue
            sent.append((name, b.post("/api/v1/messages", body, 202)))
        for name, m in sent:
            equal(settled(b, m, "read", "failed")["status"], "read", name)
        equal(b.peers.state("meta")["doubled"], 0)


def test_templates_and_window_are_known():
    with Box(n8n=None, settings={**QUIET, "channel.main.window_hours": "24"}) as b:
        b.peers.options("meta", template_check=1, template_page=2, window=1)
        b.post("/api/v1/templates/sync", {"channel": "main"}, 202)
        t = wait_until(lambda: (lambda x: x if x["synced_at"] else None)(b.get("/api/v1/templates?channel=main")), 20, "a sync")
        equal([(x["name"], x["usable"]) for x in t["data"]], [("pedido_listo", True), ("oferta", True), ("saludo", False)])

        def template(name, *values):
            c = [{"type": "body", "parameters": [{"type": "text", "text": v} for v in values]}] if values else []
            return {"to": TO, "template": {"name": name, "language": {"code": "es"}, "components": c}}

        p = b.post("/api/v1/messages", template("saludo"), 409)
        assert p["type"].endswith(":template-unusable") and "paused" in p["detail"], p
        p = b.post("/api/v1/messages", template("pedido_listo"), 422)
        equal(p["errors"][0]["field"], "template.components")
        assert b.post("/api/v1/messages", template("nada"), 409)["type"].endswith(":template-unknown")
        m = b.post("/api/v1/messages", template("pedido_listo", "42"), 202)
        equal(settled(b, m, "read", "failed")["status"], "read")
        equal(b.get("/api/v1/messages/" + m["id"])["content"], "[template] Tu pedido 42 está listo.")

        p = b.send(TO, "oi", 409)
        assert p["type"].endswith(":window-closed") and p["window_closed_at"] is None, p
        b.peers.say(**{"from": TO, "text": "hola"})
        wait_until(lambda: b.get("/api/v1/conversations")["data"][0]["last_inbound_at"], 20, "the customer's message")
        m = b.send(TO, "oi")
        equal(settled(b, m, "read", "failed")["status"], "read")


def test_fallback_when_meta_says_later_that_the_window_is_closed():
    with Box(n8n=None, settings=QUIET) as b:
        b.peers.options("meta", window=1)
        m = b.post("/api/v1/messages", {"to": TO, "text": "oi", "fallback": {"template": {"name": "hello", "language": {"code": "es"}}}}, 202)
        first = wait_until(lambda: (lambda x: x if x["replaced_by"] else None)(b.get("/api/v1/messages/" + m["id"])), 30, "a fallback")
        equal((first["status"], first["notes"][0]["actor"]), ("failed", "totem"))
        second = settled(b, {"id": first["replaced_by"]}, "read", "failed")
        equal((second["type"], second["status"], second["attempt_of"]), ("template", "read", m["id"]))
        equal(b.peers.state("meta")["doubled"], 0)


def test_cancel_resolve_and_resend():
    with Box(n8n=None, settings={**QUIET, "channel.main.timeout_ms": "1000"}) as b:
        b.peers.options("meta", statuses=0)
        later = b.post("/api/v1/messages", {"to": TO, "text": "mañana", "send_at": "2099-01-05T10:00:00Z"}, 422)
        equal(later["errors"][0]["field"], "send_at")
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        later = b.post("/api/v1/messages", {"to": TO, "text": "mañana", "send_at": at}, 202)
        now = b.send(TO, "ahora")
        settled(b, now, "accepted")
        equal(b.post(f"/api/v1/messages/{later['id']}/cancel", {}, 200)["sending"], "cancelled")
        b.post(f"/api/v1/messages/{now['id']}/cancel", {}, 409)

        b.peers.behave("meta", "hang", times=1)
        doubt = b.send(TO, "quizás")
        wait_until(lambda: b.get("/api/v1/messages?sending=unknown")["data"], 30, "one in doubt")
        equal([x["id"] for x in b.get("/api/v1/messages?sending=unknown")["data"]], [doubt["id"]])
        again = b.post(f"/api/v1/messages/{doubt['id']}/resolve", {"as": "not_sent", "resend": True}, 200)
        assert again["id"] != doubt["id"], again
        settled(b, again, "accepted")
        b.post(f"/api/v1/messages/{doubt['id']}/resolve", {"as": "not_sent", "resend": True}, 409)
        equal(len([x for x in b.peers.messages("meta") if x["text"] == "quizás"]), 1)
        equal(b.get("/api/v1/messages?sending=unknown")["data"], [])


def test_read_and_typing_reach_whatsapp():
    with Box(n8n=None, settings=QUIET) as b:
        b.peers.say(**{"from": TO, "text": "hola"})
        v = wait_until(lambda: b.get("/api/v1/conversations")["data"], 20, "a conversation")[0]
        m = b.get(f"/api/v1/conversations/{v['id']}/messages")["data"][0]
        b.post(f"/api/v1/messages/{m['id']}/read", {}, 202)
        b.post(f"/api/v1/conversations/{v['id']}/typing", {}, 202)
        b.post(f"/api/v1/conversations/{v['id']}/read", {"whatsapp": True}, 200)
        wait_until(lambda: b.peers.state("meta")["marked_read"] == 3, 20, lambda: b.peers.state("meta"))
        equal(b.peers.state("meta")["typing"], 1)
        p = b.post(f"/api/v1/messages/{m['id']}/revoke", {}, 409)
        assert p["type"].endswith(":not-possible"), p


def test_the_command_sends_files_templates_and_bodies():
    with Box(n8n=None, settings=QUIET) as b:
        b.cli("send", "--to", TO, "--template", "pedido_listo/es", "42")
        b.cli("send", "--to", TO, "--body", json.dumps({"location": {"latitude": -16.5, "longitude": -68.1}}))
        b.cli("send", "--to", TO, "--text", "hola")
        b.cli("send", "--to", TO, code=64)
        b.cli("send", "--to", TO, "--template", "pedido_listo", code=64)
        wait_until(lambda: len(b.peers.messages("meta")) == 3, 20, "three messages")
        equal([m["type"] for m in b.peers.messages("meta")], ["template", "location", "text"])
