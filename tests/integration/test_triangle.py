"""Customer, Chatwoot, n8n and CRM around one box: every way between them, with statuses, files and order; the real binary."""
import time
from lib import *

CUSTOMER = "34600000001"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde of the triangle"


def sent(b):
    return [(m.get("type", "text"), m.get("text")) for m in b.peers.messages("meta") if m["to"].endswith(CUSTOMER[-9:])]


def thread(b):
    wait_until(lambda: b.get("/api/v1/conversations")["data"], what="a conversation")
    return b.get("/api/v1/conversations")["data"][0]


def chatwoot_messages(b, conversation=1):
    a = http_call(b.peers.port["chatwoot"], "GET", f"/api/v1/accounts/1/conversations/{conversation}/messages?after=0",
                  headers={"api_access_token": CHATWOOT_TOKEN})
    return (a.json or {}).get("payload", [])


def writes(b, content, **more):
    """An agent writes in Chatwoot, at a person's pace: one webhook after the other."""
    b.peers.say("chatwoot", conversation=1, content=content, **more)
    b.peers.chatwoot_answered()


def test_triangle():
    """A customer writes, the assistant answers, an agent takes over with text and files, the CRM writes: each sees all, once, in
    order, with its delivery state."""
    with Box(settings={"takeover_minutes": "30", "chatwoot.chatwoot.agent_signature": "1"}) as b:
        b.peers.options("meta", sent_ms=5, delivered_ms=10, read_ms=20)
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: sent(b) == [("text", "eco: hola")], what=lambda: f"the assistant's answer: {sent(b)}")
        wait_until(lambda: len(chatwoot_messages(b)) == 2, what="both in Chatwoot")
        for i in range(3):
            writes(b, f"agente {i}")
        writes(b, "mire", files="a.png b.ogg c.pdf")
        writes(b, "una nota", private=1)
        writes(b, "despues")
        wait_until(lambda: len(sent(b)) == 8, what=lambda: f"what the agent wrote: {sent(b)}")
        equal([t for t, _ in sent(b)], ["text"] * 4 + ["image", "audio", "document", "text"])
        texts = [x for t, x in sent(b) if t == "text"]
        assert all(f"agente {i}" in texts[i + 1] for i in range(3)) and "despues" in texts[4], texts
        b.peers.say("meta", **{"from": CUSTOMER, "text": "gracias"})  # a person has it: the assistant is silent
        b.post("/api/v1/messages", {"conversation_id": thread(b)["id"], "text": "del CRM"}, status=202)
        wait_until(lambda: len(sent(b)) == 9, what="the CRM's message")
        wait_until(lambda: all(m["status"] == "read" for m in chatwoot_messages(b) if m["message_type"] == 1 and not m["private"]),
                   what=lambda: f"states in Chatwoot: {[(m['content'], m['status']) for m in chatwoot_messages(b)]}")
        b.wait_idle()
        equal(len(sent(b)), 9, "nothing more")
        equal(b.peers.state("n8n")["accepted"], 1, "the assistant was asked once")
        equal([m["content"] for m in chatwoot_messages(b) if m["message_type"] == 0], ["hola", "gracias"])
        mirrored = [m for m in chatwoot_messages(b) if m["content"] == "del CRM"]
        equal([m["content_attributes"]["source"] for m in mirrored], ["crm_mirror"])
        equal(b.peers.state("meta")["doubled"], 0)
        # resolved by the agent: the assistant speaks again
        b.peers.call("chatwoot", "act", {"conversation": 1, "status": "resolved"})
        wait_until(lambda: thread(b)["status"] == "resolved", what="resolved here too")
        b.peers.say("meta", **{"from": CUSTOMER, "text": "otra cosa"})
        wait_until(lambda: ("text", "eco: otra cosa") in sent(b), what="the assistant again")
        b.wait_idle()
        # with files: the customer's picture stands in Chatwoot and is shown to the assistant; the CRM's reaches customer and Chatwoot
        f = http_call(b.peers.port["meta"], "POST", "/_double/file?mime=image/png", PNG).json
        b.peers.say("meta", **{"from": CUSTOMER, "message": {"type": "image", "image": {
            "id": f["id"], "mime_type": "image/png", "sha256": f["sha256"], "caption": "mi foto"}}})
        wait_until(lambda: b.peers.state("n8n")["accepted"] == 3, what="the assistant is asked about the picture")
        media = b.peers.messages("n8n")[-1]["body"]["media"]
        equal((media["state"], media["mime"]), ("stored", "image/png"))
        equal(b.api("GET", media["url"][media["url"].index("/api/"):]).body, PNG, "the link that the assistant got")
        b.wait_idle()
        up = b.api("POST", "/api/v1/media?filename=oferta.png", PNG, headers={"Content-Type": "image/png"}).json
        b.post("/api/v1/messages", {"conversation_id": thread(b)["id"], "type": "image",
                                    "image": {"media_id": up["id"], "caption": "la oferta"}}, status=202)
        wait_until(lambda: sent(b)[-1][0] == "image", what="the CRM's picture")
        wait_until(lambda: all(m["status"] == "read" for m in chatwoot_messages(b) if m["message_type"] == 1 and not m["private"]),
                   what=lambda: f"states in Chatwoot: {[(m['content'], m['status']) for m in chatwoot_messages(b)]}")
        b.wait_idle()
        shown = chatwoot_messages(b)
        equal([(m["content"].strip("*"), m["message_type"], len(m.get("attachments", []))) for m in shown],
              [("hola", 0, 0), ("eco: hola", 1, 0), ("agente 0", 1, 0), ("agente 1", 1, 0), ("agente 2", 1, 0), ("mire", 1, 3),
               ("una nota", 1, 0), ("despues", 1, 0), ("gracias", 0, 0), ("del CRM", 1, 0), ("otra cosa", 0, 0),
               ("eco: otra cosa", 1, 0), ("mi foto", 0, 1), ("eco: [image] mi foto", 1, 0), ("la oferta", 1, 1)], "all of it, in order")
        equal((b.peers.state("meta")["doubled"], b.peers.state("chatwoot")["doubled"], b.peers.state("n8n")["doubled"]), (0, 0, 0))
        equal(b.dead_letters(), [])
        # Whom it hears from, and since when all is well there: both bridges and the channel.
        parts = {x["part"]: x for x in b.get("/api/v1/status")["parts"]}
        for part in ("channel.main", "chatwoot.chatwoot"):
            assert parts[part]["last_in_at"] and parts[part]["since"], parts[part]


def test_r23_files_of_agents():
    """A wrong FRONTEND_URL, an address that expired: the first is mended, the second fails where the agent sees it, and Retry
    sends it once."""
    with Box(n8n=None) as b:
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: len(chatwoot_messages(b)) == 1, what="in Chatwoot")
        b.peers.options("chatwoot", wrong_host=1)
        b.peers.say("chatwoot", conversation=1, content="", files="a.pdf")
        wait_until(lambda: [t for t, _ in sent(b)] == ["document"], what="a file from a wrong address")
        b.peers.options("chatwoot", wrong_host=0, expired=1)
        m = b.peers.say("chatwoot", conversation=1, content="x", files="b.pdf")
        wait_until(lambda: chatwoot_messages(b)[-1]["status"] == "failed", what="it failed where the agent sees it")
        equal([m["status"] for m in b.messages(direction="outbound")].count("failed"), 1)
        b.peers.options("chatwoot", expired=0)
        time.sleep(3.2)  # a Retry is believed from 3 s after the failure on
        b.peers.call("chatwoot", "act", {"message": m["id"], "do": "retry"})
        b.peers.call("chatwoot", "act", {"message": m["id"], "do": "touch"})
        wait_until(lambda: [t for t, _ in sent(b)] == ["document"] * 2, what="sent by Retry")
        b.wait_idle()
        equal(len(sent(b)), 2)


def test_r10_deleted_is_not_sent():
    with Box(n8n=None) as b:
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: len(chatwoot_messages(b)) == 1, what="in Chatwoot")
        b.post("/api/v1/queues/messages/pause")
        m = b.peers.say("chatwoot", conversation=1, content="ay")
        wait_until(lambda: b.messages(direction="outbound"), what="it waits")
        b.peers.call("chatwoot", "act", {"message": m["id"], "do": "delete"})
        wait_until(lambda: b.messages(direction="outbound")[0]["sending"] == "cancelled", what="cancelled")
        b.post("/api/v1/queues/messages/resume")
        b.wait_idle()
        equal(sent(b), [])
        late = b.peers.say("chatwoot", conversation=1, content="salió")
        wait_until(lambda: [x for _, x in sent(b)] == ["salió"], what="what the agent wrote")
        b.wait_idle()
        b.peers.call("chatwoot", "act", {"message": late["id"], "do": "delete"})
        note = wait_until(lambda: [m for m in chatwoot_messages(b) if m["private"]], what="the note for the agent")
        b.wait_idle()
        notes = [m for m in chatwoot_messages(b) if m["private"]]
        equal((len(notes), notes[0]["source_id"]), (1, f"totem:note:deleted-{late['id']}"), note)
        equal([x for _, x in sent(b)], ["salió"], "the note is for agents only")


def test_r05_r06_two_webhooks_for_one_message():
    """R5, R6: the inbox's webhook and the account's, with secrets and delivery ids of their own, in parallel, each twice, overtaking one
    another; none of our own messages comes back, what ten agents' messages say goes out once."""
    with Box(n8n=None, settings={"chatwoot.chatwoot.secret": CHATWOOT_SECRET + " account-secret-1"}) as b:
        b.peers.options("chatwoot", duplicate_percent=100, late_ms=60, wipe_attributes=1, null_source_id=1)
        equal(http_call(b.peers.port["chatwoot"], "POST", "/api/v1/accounts/1/webhooks",
                        {"webhook": {"url": "http://127.0.0.1/webhooks/chatwoot/chatwoot", "subscriptions": ["message_created"]}},
                        headers={"api_access_token": CHATWOOT_TOKEN}).json["payload"]["webhook"]["secret"], "account-secret-1")
        b.peers.say("meta", **{"from": CUSTOMER, "text": "hola"})
        wait_until(lambda: len(chatwoot_messages(b)) == 1, what="in Chatwoot")
        for i in range(10):
            b.peers.say("chatwoot", conversation=1, content=f"n{i}")
            b.send(CUSTOMER, f"crm {i}")
        wait_until(lambda: len(sent(b)) == 20, what=lambda: f"twenty messages: {sent(b)}")
        b.wait_idle()
        b.peers.chatwoot_answered()  # of our own messages too, and late
        b.wait_idle()
        equal(sorted(x for _, x in sent(b)), sorted([f"n{i}" for i in range(10)] + [f"crm {i}" for i in range(10)]))
        equal(b.peers.state("chatwoot")["doubled"], 0)
        assert b.peers.state("chatwoot")["account_hooks_posted"] >= 40
