"""Loops (pipelines.md): everything echoes, answers itself and comes twice; every message goes out exactly once."""
import time
from lib import *

CUSTOMERS, EACH = 40, 5


def test_everything_echoes():
    """Chatwoot posts our own messages back before it answers us, without attributes and source_id, half of them twice;
    n8n answers everything. 40 customers write 5 messages: 200 sends, 400 messages in Chatwoot, not one more."""
    with Box(settings={"automatic_per_minute": "1000"}) as b:
        b.peers.options("chatwoot", webhook_first=1, wipe_attributes=1, null_source_id=1, duplicate_percent=50)
        b.peers.options("meta", duplicate_percent=50, shuffle=1)
        for i in range(EACH):
            for c in range(CUSTOMERS):
                b.peers.say("meta", **{"from": f"34600{c:06}", "text": f"n{i} c{c}"})
        n = CUSTOMERS * EACH
        wait_until(lambda: b.peers.state("meta")["accepted"] >= n and b.peers.state("chatwoot")["accepted"] >= 2 * n, 120,
                   what=lambda: f"all answered: {b.peers.state('meta')} {b.peers.state('chatwoot')} {b.busy()}", every=0.2)
        b.wait_idle(60)
        time.sleep(1)
        b.wait_idle(60)
        meta, chatwoot, n8n = (b.peers.state(x) for x in ("meta", "chatwoot", "n8n"))
        equal((meta["accepted"], meta["doubled"]), (n, 0), "sends at Meta")
        equal((chatwoot["accepted"], chatwoot["doubled"]), (2 * n, 0), "messages in Chatwoot")
        equal((n8n["accepted"], n8n["doubled"]), (n, 0), "runs of the workflow")
        sends = {(m["to"], m["text"]) for m in b.peers.messages("meta")}
        equal(sends, {(f"34600{c:06}", f"eco: n{i} c{c}") for i in range(EACH) for c in range(CUSTOMERS)}, "each its own answer")
        equal(len(b.messages(direction="inbound")), n)
        equal(len(b.messages(direction="outbound")), n)
        equal(b.dead_letters(), [])


def test_order_within_a_conversation():
    with Box(settings={"automatic_per_minute": "1000"}) as b:
        for i in range(15):
            equal(b.hook(meta_hook("34600000001", f"{i}")).status, 200)  # acknowledged one after the other
        wait_until(lambda: b.peers.state("meta")["accepted"] == 15, 60, what="15 answers")
        b.wait_idle()
        incoming = [m["content"] for m in b.peers.messages("chatwoot") if m["message_type"] == 0]
        equal(incoming, [str(i) for i in range(15)], "order in Chatwoot")


def test_two_bots():
    """The customer is a bot that answers every message, n8n answers every message: the breaker ends it, a person is told."""
    with Box(settings={"automatic_per_hour": "10"}) as b:
        b.peers.say("meta", **{"from": "34600000001", "text": "ping 0"})
        answered, end = 0, time.monotonic() + 40
        while time.monotonic() < end and not b.get("/api/v1/incidents")["data"]:
            sent = b.peers.state("meta")["accepted"]
            while answered < sent:
                answered += 1
                b.peers.say("meta", **{"from": "34600000001", "text": f"ping {answered}"})
            time.sleep(0.02)
        incidents = b.get("/api/v1/incidents")["data"]
        assert [i for i in incidents if i["kind"] == "loop"], incidents
        b.wait_idle(60)
        stopped = b.peers.state("meta")["accepted"]
        assert stopped <= 10, f"{stopped} automatic messages"
        off = b.get("/api/v1/conversations")["data"][0]["automation_off_until"]
        assert off, "automation of this conversation is off"
        for i in range(5):
            b.peers.say("meta", **{"from": "34600000001", "text": f"more {i}"})
        b.peers.say("meta", **{"from": "34600000002", "text": "another customer"})
        wait_until(lambda: b.peers.state("meta")["accepted"] == stopped + 1, what="another conversation is served")
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], stopped + 1, "the stopped one stays stopped")
        b.send("34600000001", "a person may still write", sender={"type": "crm_agent", "id": "ana"})
        wait_until(lambda: b.peers.state("meta")["accepted"] == stopped + 2, what="a person's message")
        wait_until(lambda: len(b.messages(direction="inbound")) >= 6 + 1, what="the customer's messages are all kept")


def test_hops_end():
    """n8n answers what it caused, with a growing hop: refused above the limit."""
    with Box(n8n=None) as b:
        m = {"to": "34600000001", "type": "text", "text": {"body": "x"}, "sender": {"type": "ai"}, "source": "ai_response"}
        equal(b.api("POST", "/api/v1/messages", {**m, "hop": 5}).status, 202)
        a = b.api("POST", "/api/v1/messages", {**m, "hop": 6})
        equal(a.status, 409, a)


def test_r15_what_agents_wrote_while_the_box_was_down():
    """Chatwoot sends a webhook once. What it could not deliver is asked for after the start and goes out once."""
    with Box(settings={"chatwoot.chatwoot.catch_up_minutes": "1"}) as b:
        b.peers.say("meta", **{"from": "34600000001", "text": "hola", "name": "Ana"})
        wait_until(lambda: [m for m in b.peers.messages("chatwoot") if m["message_type"] == 0], what="the customer in Chatwoot")
        b.wait_idle()
        wait_until(lambda: b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="the thread")
        wait_until(lambda: [p for p in b.get("/api/v1/status")["parts"] if p["part"] == "chatwoot.chatwoot" and p["caught_up_at"]],
                   what="the first look")
        sent = b.peers.state("meta")["accepted"]
        b.kill()
        for i in range(3):
            b.peers.say("chatwoot", phone="+34600000001", content=f"while you were away {i}")
        b.peers.say("chatwoot", phone="+34600000001", content="a note", private=True)
        b.start()
        wait_until(lambda: b.peers.state("meta")["accepted"] == sent + 3, 60, what="the three messages")
        b.wait_idle()
        texts = [m["text"] for m in b.peers.messages("meta")][-3:]
        equal(texts, [f"while you were away {i}" for i in range(3)], "in order, once, no note")
        part = [p for p in b.get("/api/v1/status")["parts"] if p["part"] == "chatwoot.chatwoot"][0]
        equal(part["recovered_messages"], 3)
