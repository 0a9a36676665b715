# Save and resume under `wf exec`, and without it, too. Copy it beside your program: s = wf.load(i=0); ...; wf.save(i=i)
import json, os, signal, sys, time
STATE, EVERY = os.environ.get("WF_STATE", "state.json"), float(os.environ.get("WF_EVERY", "1"))
PARAMS, last, stop = json.loads(os.environ.get("WF_PARAMS", "{}")), time.monotonic(), []
signal.signal(signal.SIGTERM, lambda *_: stop.append(True))  # the next save ends the program
def load(**start): return json.load(open(STATE)) if os.path.exists(STATE) else start
def tell(**words): print("::wf", *[f"{k}={v}" for k, v in words.items()], flush=True)
def save(**state):
    global last
    if not stop and time.monotonic() - last < EVERY: return
    with open(STATE + ".tmp", "w") as f: json.dump(state, f)
    os.replace(STATE + ".tmp", STATE); last = time.monotonic()
    if stop: sys.exit(85)
