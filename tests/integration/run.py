#!/usr/bin/env python3
"""Integration tests: the real binary against local doubles of its peers.

    run.py BINARY [FOLDER] [-k WORD] [-j 2] [--short] [--list]

FOLDER holds the programs `peers` and `load`; without one they are built.

Each test_* function of each test_*.py runs in a process and a box of its own. A test that does not end within its time
is ended by its pid. Closing line: `N passed, N failed`."""
import argparse, concurrent.futures, importlib, os, re, signal, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TIME = 180
# For slow builds (sanitizers): each kind of way through the program once.
SHORT = ("one_message_all_the_way", "n8n_answers", "what_cannot_be_used", "send_and_idempotency", "stream_resumes", "dead_letter_and",
         "deliveries_and_replay", "tokens_and_scopes", "health_metrics", "commands_", "heads", "smuggling", "deep_and_odd",
         "stores_and_cuts", "cuts_after", "two_bots", "stop_and_reload", "customers_picture", "agents_file")


def names():
    for f in sorted(HERE.glob("test_*.py")):
        for line in f.read_text().splitlines():
            m = re.match(r"def (test_\w+)\(", line)
            if m:
                yield f.stem, m.group(1)


def one(module, function):
    """In the child."""
    sys.path.insert(0, str(HERE))
    getattr(importlib.import_module(module), function)()


def run(binary, module, function):
    begin = time.monotonic()
    env = {**os.environ, "TOTEM_BINARY": binary, "PYTHONDONTWRITEBYTECODE": "1"}
    p = subprocess.Popen([sys.executable, __file__, binary, "--one", module, function], env=env, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace")
    try:
        out, _ = p.communicate(timeout=TIME)
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGTERM)  # box and doubles end with their parent
        try:
            out, _ = p.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            p.kill()
            out, _ = p.communicate()
        out += f"\nnot done within {TIME} s"
    return p.returncode == 0, out, time.monotonic() - begin


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("tools", nargs="?")
    a.add_argument("-k", default="", help="only tests whose file or name holds this word")
    a.add_argument("-j", type=int, default=2)
    a.add_argument("--short", action="store_true")
    a.add_argument("--list", action="store_true")
    a.add_argument("--one", nargs=2)
    o = a.parse_args()
    binary = os.path.abspath(o.binary)
    if o.one:
        one(*o.one)
        return 0
    chosen = [n for n in names() if o.k in ".".join(n)]
    if o.short:
        chosen = [n for n in chosen if any(word in n[1] for word in SHORT)]
    if o.list:
        print("\n".join(".".join(n) for n in chosen))
        return 0
    sys.path.insert(0, str(HERE))
    import lib
    lib.tools(o.tools)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(o.j) as pool:
        jobs = {pool.submit(run, binary, *n): n for n in chosen}
        for j in concurrent.futures.as_completed(jobs):
            ok, out, took = j.result()
            passed, failed = passed + ok, failed + (not ok)
            print(f"{'ok  ' if ok else 'FAIL'} {'.'.join(jobs[j])}  {took:.1f} s", flush=True)
            if not ok:
                print("\n".join("     " + x for x in out.strip().splitlines()[-60:]), flush=True)
    if not chosen:
        print("no test has that name")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
