"""Channels over the API: what Meta says of a number, asked now; incidents in the reader's language; pause and resume."""
import time

import lib
from lib import Box, equal, wait_until


def facts(b):
    return b.get("/api/v1/channels/main")["facts"]


def check(b):
    before = facts(b).get("checked_at")
    b.post("/api/v1/channels/main/check", status=202)
    wait_until(lambda: facts(b).get("checked_at") != before, what="the check ran")
    return b.get("/api/v1/channels/main?lang=es")


def test_a_number_is_looked_at_and_its_troubles_are_told():
    with Box(n8n=None) as b:
        b.peers.options("meta", statuses=0)
        c = check(b)
        equal(c["facts"]["status"], "CONNECTED")
        equal(c["facts"]["messaging_limit_tier"], "TIER_10K")
        equal(c["facts"]["token_valid"], True)
        equal(c["facts"]["subscribed"], True)
        equal(c["facts"]["webhook_fields"], ["messages"])
        equal(c["limits"]["messaging_limit_tier"], "TIER_10K")
        equal(c["state"], "up")
        equal(c["incidents"], [])

        b.peers.call("meta", "shape", {"path": "debug_token", "body": {"data": {"app_id": "1", "is_valid": True, "scopes": [],
                                                                              "expires_at": int(time.time()) + 3 * 86400}}})
        b.peers.call("meta", "shape", {"path": lib.PHONE_ID, "body": {"id": lib.PHONE_ID, "status": "FLAGGED", "quality_rating": "RED"}})
        b.peers.call("meta", "shape", {"path": "/subscribed_apps", "body": {"data": []}})
        c = check(b)
        told = {i["code"]: i for i in c["incidents"]}
        equal(sorted(told), ["NOT_SUBSCRIBED", "NUMBER_STATUS", "QUALITY_LOW", "TOKEN_EXPIRES_SOON"])
        assert "vence" in told["TOKEN_EXPIRES_SOON"]["text"], told
        assert told["QUALITY_LOW"]["cure"].startswith("Envíe menos"), told
        portuguese = b.get("/api/v1/incidents?open=1", headers={"Accept-Language": "pt-BR,pt;q=0.9"})["data"]
        assert any(i["text"].startswith("O número de main não está conectado") for i in portuguese), portuguese
        equal(b.api("GET", "/api/v1/incidents?lang=de").status, 422)

        for path in ("debug_token", lib.PHONE_ID, "/subscribed_apps"):
            b.peers.call("meta", "shape", {"path": path})
        equal(check(b)["incidents"], [])


def test_a_refused_token_is_told_and_a_new_one_sends():
    with Box(n8n=None) as b:
        b.peers.options("meta", statuses=0)
        b.peers.behave("meta", "meta_error", match="/messages", code=190, status=401, times=-1)
        b.send("34600000001", "a")
        wait_until(lambda: b.get("/api/v1/channels/main")["incidents"], what="an incident")
        c = b.get("/api/v1/channels/main")
        # nobody's reply: all but replies of people waits
        equal((c["incidents"][0]["code"], c["state"]), ("SEND_TOKEN", "restricted"))
        assert "channel.main.token" in c["incidents"][0]["cure"], c
        assert c["restricted_until"], c
        b.peers.behave("meta", "works")
        b.post("/api/v1/channels/main/resume")
        b.wait_idle()
        c = b.get("/api/v1/channels/main")
        equal((c["incidents"], c["state"]), ([], "up"))
        equal(b.peers.state("meta")["distinct"], 1)


def test_pause_and_resume():
    with Box(n8n=None) as b:
        b.peers.options("meta", statuses=0)
        c = b.post("/api/v1/channels/main/pause", {"reason": "moving house"})
        equal((c["state"], c["reason"]), ("paused", "moving house"))
        b.send("34600000001", "a")
        time.sleep(0.3)
        equal(b.peers.state("meta")["distinct"], 0)
        b.kill()
        b.start()
        time.sleep(0.3)
        equal(b.peers.state("meta")["distinct"], 0)
        b.post("/api/v1/channels/main/resume")
        b.wait_idle()
        equal(b.peers.state("meta")["distinct"], 1)
        equal(b.api("POST", "/api/v1/channels/none/pause", {}).status, 404)
        equal(b.api("POST", "/api/v1/channels/main/pause", {"until": "yesterday"}).status, 422)
        equal(b.api("POST", "/api/v1/channels/main/pause", {"reason": "x" * 151}).status, 422)
