"""Every way in which Meta, Chatwoot and n8n fail. What may have happened is never blindly repeated; what did not happen
is repeated; nothing hangs and nothing happens twice at a double."""
import time
from lib import *

SETTLED = ("done", "unknown", "cancelled")


def settle_send(b, m, timeout=40):
    return wait_until(lambda: (lambda x: x["sending"] in SETTLED or x["status"] == "failed") (
        b.get("/api/v1/messages/" + m["id"])) and b.get("/api/v1/messages/" + m["id"]), timeout,
        what=lambda: f"a verdict of {m['id']}: {b.get('/api/v1/messages/' + m['id'])} {b.busy()}")


def meta_fails(do, **more):
    with Box(n8n=None, settings={"chatwoot.chatwoot.url": None, "channel.main.timeout_ms": "1000"}) as b:
        b.peers.behave("meta", do, times=1, **more)
        m = b.send("34600123456", "once")
        got = settle_send(b, m)
        other = b.send("34600999999", "afterwards")
        wait_until(lambda: b.get("/api/v1/messages/" + other["id"])["status"] == "read", 60,
                   what=lambda: f"the next message is sent: {b.busy()} {b.get('/api/v1/incidents')['data']}")
        b.wait_idle()
        s = b.peers.state("meta")
        equal(s["doubled"], 0, "never twice")
        got = b.get("/api/v1/messages/" + m["id"])
        reached = m["id"] and [x for x in b.peers.messages("meta") if x["text"] == "once"]
        assert len(reached) <= 1, reached
        if not reached:
            assert got["sending"] == "unknown" or got["status"] == "failed" or b.dead_letters(), got
        else:
            assert got["status"] in ("read", "delivered", "sent", "accepted") or got["sending"] == "unknown", got
        return got, len(reached)


def test_meta_says_500():
    meta_fails("500")


def test_meta_says_503_and_429():
    got, reached = meta_fails("503")
    got, reached = meta_fails("meta_error", code=130429, status=429, retry_after=1)
    equal((got["status"], reached), ("read", 1), "a throttled send is sent later")


def test_meta_closes_or_resets():
    meta_fails("close")
    meta_fails("reset")


def test_meta_hangs():
    got, reached = meta_fails("hang")
    equal((got["sending"], reached), ("unknown", 0), "no answer after the request left: unknown, never repeated")


def test_meta_cuts_after_the_request():
    """It was sent: its statuses settle it through the opaque data, without a second send."""
    got, reached = meta_fails("cut_after_request")
    equal(reached, 1)
    equal((got["sending"], got["status"]), ("done", "read"), "settled by a status")


def test_meta_answers_garbage():
    meta_fails("garbage")
    meta_fails("cut", bytes=160)


def test_meta_answers_without_end():
    meta_fails("endless")


def mended(key, who, path, act, count):
    """A redirect means that the address is wrong: the lane is held with an incident, the work is kept, nothing follows
    the redirect. Who mends the address does not wait for the end of the pause."""
    with Box(n8n="/webhook/echo" if who == "n8n" else None, settings={key: None}) as b:
        address = f"http://127.0.0.1:{b.peers.port[who]}{path}"
        equal(b.api("PATCH", "/api/v1/settings", {key: address}).status, 200)
        b.peers.behave(who, "redirect", times=-1)
        act(b)
        wait_until(lambda: b.get("/api/v1/incidents")["data"], what=lambda: f"an incident: {b.busy()}")
        equal(b.peers.state(who)["accepted"], 0)
        equal(b.dead_letters(), [])
        b.peers.call(who, "reset")
        equal(b.api("PATCH", "/api/v1/settings", {key: address.replace("127.0.0.1", "localhost")}).status, 200)
        wait_until(lambda: b.peers.state(who)["accepted"] == count, 30, what=lambda: f"it goes on: {b.busy()}")
        b.wait_idle()
        equal((b.peers.state(who)["accepted"], b.peers.state(who)["doubled"], b.dead_letters()), (count, 0, []))
        open_ones = [i for i in b.get("/api/v1/incidents")["data"] if not i.get("closed_at")]
        equal(open_ones, [], "the incident is closed")


def test_meta_redirects():
    mended("channel.main.base_url", "meta", "", lambda b: b.send("34600123456", "x"), 1)


def test_chatwoot_redirects():
    mended("chatwoot.chatwoot.url", "chatwoot", "", lambda b: [b.hook(meta_hook("34600123456", f"{i}")) for i in range(3)], 3)


def test_n8n_redirects():
    mended("n8n.main.url", "n8n", "/webhook/echo", lambda b: b.hook(meta_hook("34600123456", "x")), 1)


def test_meta_drips():
    meta_fails("drip", ms=2)


def test_meta_fails_later():
    with Box(n8n=None) as b:
        b.peers.behave("meta", "fail_later", code=131026)
        m = b.send("34600123456", "x")
        got = wait_until(lambda: (lambda x: x["status"] == "failed" and x)(b.get("/api/v1/messages/" + m["id"])), what="failed")
        assert got["error"] and "131026" in json.dumps(got["error"]), got
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], 1)


def test_meta_pauses_one_recipient():
    """131056: that pair waits, others go on."""
    with Box(n8n=None) as b:
        b.peers.behave("meta", "meta_error", code=131056, status=400, match="34600000001", times=1)
        slow = b.send("34600000001", "paused")
        wait_until(lambda: b.peers.state("meta")["refused"] >= 1, what="the refusal")
        ids = [b.send(f"346000001{i:02}", "others")["id"] for i in range(5)]
        wait_until(lambda: all(b.get("/api/v1/messages/" + i)["status"] == "read" for i in ids), 10, what="others are sent")
        got = b.get("/api/v1/messages/" + slow["id"])
        assert got["status"] in ("pending", "read", "sent", "delivered", "accepted"), got


def test_meta_token_is_refused():
    """190: the number stops with an incident; nothing is lost; it goes on with the right token."""
    with Box(n8n=None, settings={"channel.main.token": None}) as b:
        b.api("PATCH", "/api/v1/settings", {"channel.main.token": "wrong"})
        m = b.send("34600123456", "x")
        wait_until(lambda: b.get("/api/v1/incidents")["data"], what="an incident")
        equal(b.get("/api/v1/messages/" + m["id"])["status"], "pending")
        a = b.api("PATCH", "/api/v1/settings", {"channel.main.token": META_TOKEN})
        equal(a.status, 200, a)
        wait_until(lambda: b.get("/api/v1/messages/" + m["id"])["status"] == "read", 60, what=lambda: f"sent: {b.busy()} {b.queues()['messages']}")


def refused_peer(name, key):
    """A port where nobody listens, and https where plain HTTP is spoken."""
    for scheme in ("http", "https"):
        with Box() as b:
            nowhere = free_port() if scheme == "http" else b.peers.port[name]
            path = "/webhook/echo" if name == "n8n" else ""
            b.stop()
            right = b.settings[key]
            b.settings[key] = f"{scheme}://127.0.0.1:{nowhere}{path}"
            b.start()
            if name == "meta":
                m = b.send("34600123456", "x")
            else:
                b.hook(meta_hook("34600123456", "x"))
            time.sleep(1.5)
            b.alive()
            accepted = b.peers.state(name)["accepted"]
            equal(accepted, 0)
            b.stop()
            b.settings[key] = right
            b.start()
            if name == "meta":
                got = settle_send(b, m, 60)
                assert got["sending"] in ("done", "unknown") or got["status"] == "failed", got
            else:
                wait_until(lambda: b.peers.state(name)["accepted"] >= 1 or b.dead_letters(), 60, what=lambda: f"arrives later: {b.busy()}")
            b.wait_idle(60)
            equal(b.peers.state(name)["doubled"], 0)


def test_meta_is_not_there():
    refused_peer("meta", "channel.main.base_url")


def test_chatwoot_is_not_there():
    refused_peer("chatwoot", "chatwoot.chatwoot.url")


def test_n8n_is_not_there():
    refused_peer("n8n", "n8n.main.url")


def chatwoot_fails(do, match="/messages", times=2, **more):
    """R7: after a post that may have happened the list is asked; the message is there exactly once."""
    with Box(n8n=None, settings={"chatwoot.chatwoot.timeout_ms": "1000"}) as b:
        b.hook(meta_hook("34600123456", "first"))  # makes contact and conversation
        wait_until(lambda: b.peers.state("chatwoot")["accepted"] == 1, what="first")
        b.peers.behave("chatwoot", do, match="POST /api/v1/accounts/1/conversations", times=times, **more)
        b.hook(meta_hook("34600123456", "second"))
        b.hook(meta_hook("34600123456", "third"))
        wait_until(lambda: b.peers.state("chatwoot")["distinct"] == 3 or b.dead_letters(), 60, what=lambda: f"all three ({do}): {b.busy()}")
        b.wait_idle(60)
        equal(b.dead_letters(), [])
        s = b.peers.state("chatwoot")
        equal((s["distinct"], s["doubled"]), (3, 0), do)
        texts = [m.get("content") for m in b.peers.messages("chatwoot")]
        equal(texts, ["first", "second", "third"], "in order")


def test_chatwoot_500():
    chatwoot_fails("500")


def test_chatwoot_429():
    chatwoot_fails("429", retry_after=1)


def test_chatwoot_hangs():
    chatwoot_fails("hang")


def test_chatwoot_closes_or_resets():
    chatwoot_fails("close")
    chatwoot_fails("reset")


def test_chatwoot_stores_and_cuts():
    chatwoot_fails("cut_after_request")


def test_chatwoot_answers_garbage():
    chatwoot_fails("garbage")


def test_chatwoot_answers_without_end():
    chatwoot_fails("endless")


def test_chatwoot_cuts_its_answer():
    chatwoot_fails("cut", bytes=60)


def test_chatwoot_fails_before_the_thread_exists():
    for do in ("500", "reset", "cut_after_request", "hang"):
        with Box(n8n=None, settings={"chatwoot.chatwoot.timeout_ms": "1000"}) as b:
            b.peers.behave("chatwoot", do, match="POST /api/v1/accounts/1/conversations", times=1)
            b.peers.behave("chatwoot", do, match="POST /api/v1/accounts/1/contacts", times=1)
            b.hook(meta_hook("34600123456", "first"))
            wait_until(lambda: b.peers.state("chatwoot")["accepted"] == 1 or b.dead_letters(), 60, what=lambda: f"{do}: {b.busy()}")
            b.wait_idle()
            equal((b.peers.state("chatwoot")["distinct"], b.peers.state("chatwoot")["doubled"], b.dead_letters()), (1, 0, []), do)


def n8n_fails(do, want=1, **more):
    with Box(settings={"n8n.main.timeout_ms": "1000"}) as b:
        b.peers.behave("n8n", do, times=2, **more)
        b.peers.say("meta", **{"from": "34600123456", "text": "hola"})
        wait_until(lambda: b.peers.state("meta")["accepted"] == want or b.dead_letters(), 60, what=lambda: f"an answer ({do}): {b.busy()}")
        b.wait_idle(60)
        s = b.peers.state("meta")
        equal((s["accepted"], s["doubled"]), (want, 0), do)
        return b


def test_n8n_not_ready():
    """R17: these all mean that nothing ran."""
    for do in ("html404", "json404", "starting", "500"):
        n8n_fails(do)


def test_n8n_breaks_the_line():
    for do in ("close", "reset", "garbage", "hang"):
        n8n_fails(do)


def test_n8n_answers_without_end():
    n8n_fails("endless")


def test_n8n_cuts_after_the_request():
    n8n_fails("cut_after_request")


def test_n8n_forbids():
    """Configuration is wrong: the lane is held with an incident, the job is kept."""
    for do in ("forbidden", "422"):
        with Box() as b:
            b.peers.behave("n8n", do, times=1)
            b.peers.say("meta", **{"from": "34600123456", "text": "hola"})
            wait_until(lambda: b.get("/api/v1/incidents")["data"], what=lambda: f"an incident ({do})")
            equal(b.dead_letters(), [])
            q = b.queues()["orchestrator-inbound"]
            equal(q["waiting"] + q["delayed"] + q["active"], 1, "the job is kept")


def test_chatwoot_posts_our_webhook_in_many_ways():
    """R4, R5: early, twice, wiped, foreign: an agent's answer goes out once; ours never."""
    for do in ("dup_event", "wipe_attributes", "null_source_id", "foreign_first", "webhook_first"):
        with Box(n8n=None) as b:
            b.peers.behave("chatwoot", do, times=-1, ms=100)
            b.hook(meta_hook("34600123456", "hola"))
            wait_until(lambda: b.peers.state("chatwoot")["accepted"] == 1, what="in Chatwoot")
            thread = wait_until(lambda: b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="thread")
            b.peers.say("chatwoot", conversation=thread, content="respuesta", do=do)
            wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what=lambda: f"the agent's answer ({do})")
            b.wait_idle()
            s = b.peers.state("meta")
            equal((s["accepted"], s["doubled"]), (1, 0), do)
            equal(b.peers.state("chatwoot")["accepted"], 1, do)


def test_private_notes_stay():
    with Box(n8n=None) as b:
        b.hook(meta_hook("34600123456", "hola"))
        thread = wait_until(lambda: b.get("/api/v1/conversations")["data"] and
                            b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="thread")
        b.peers.say("chatwoot", conversation=thread, content="nota interna", private=True)
        b.peers.say("chatwoot", conversation=thread, content="para el cliente")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="one")
        b.wait_idle()
        equal([m["text"] for m in b.peers.messages("meta")], ["para el cliente"])


def test_r01_webhooks_are_answered_while_everybody_hangs():
    """R1: Meta, Chatwoot and n8n take every call and answer none: each webhook is answered all the same, and is on the disk by then:
    after a kill -9 nothing is missing."""
    with Box() as b:
        b.hook(meta_hook("34600123456", "hola"))
        thread = wait_until(lambda: b.get("/api/v1/conversations")["data"] and
                            b.get("/api/v1/conversations")["data"][0]["chatwoot_conversation_id"], what="thread")
        wait_until(lambda: b.peers.state("meta")["accepted"] == 1, what="the first answer")
        b.wait_idle()
        for peer in ("meta", "chatwoot", "n8n"):
            b.peers.behave(peer, "hang", times=-1)
        for i in range(5):
            equal(b.hook(meta_hook("34600123456", f"n{i}")).status, 200)
            b.peers.say("chatwoot", conversation=thread, content=f"a{i}")
        b.peers.chatwoot_answered()
        equal(b.peers.state("chatwoot")["hooks_failed"], 0, "no message is failed where the agent sees it")
        b.kill()
        for peer in ("meta", "chatwoot", "n8n"):
            b.peers.behave(peer, "works")
        b.start()
        wait_until(lambda: len(b.messages(direction="inbound")) == 6, what="what the customer wrote")
        wait_until(lambda: {m["content"] for m in b.messages(direction="outbound")} >= {f"a{i}" for i in range(5)},
                   what=lambda: f"what the agent wrote: {b.messages(direction='outbound')}")
