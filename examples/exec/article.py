# A program that writes its own checkpoint, and knows nothing of wf: wf exec --state checkpoint.pickle python3 article.py
# It adds the integers from 1 to 200 and saves in every fifth iteration. (SECONDS slows it down, to interrupt it by hand.)
import os
import pickle
import time

CHECKPOINT = "checkpoint.pickle"
N = int(os.environ.get("N", "200"))
SECONDS = float(os.environ.get("SECONDS", "0"))

if os.path.exists(CHECKPOINT):
    with open(CHECKPOINT, "rb") as f:
        state = pickle.load(f)
    print(f"loaded i={state['i']}, total={state['total']}", flush=True)
else:
    state = {"i": 0, "total": 0}

for i in range(state["i"] + 1, N + 1):
    print(f"iteration {i}", flush=True)
    time.sleep(SECONDS)
    state = {"i": i, "total": state["total"] + i}
    if i % 5 == 0:
        with open(CHECKPOINT, "wb") as f:
            pickle.dump(state, f)

if os.path.exists(CHECKPOINT):
    os.unlink(CHECKPOINT)
print("total", state["total"])
