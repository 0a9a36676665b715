# Adds the integers from 1 to n: python3 sum.py [N [SECONDS-PER-ADDITION]], or wf exec --param n=200 python3 sum.py
import sys, time
import wf

n = int(sys.argv[1]) if len(sys.argv) > 1 else int(wf.PARAMS.get("n", 200))
delay = float(sys.argv[2]) if len(sys.argv) > 2 else 0
s = wf.load(i=0, total=0)
i, total = s["i"], s["total"]
while i < n:
    time.sleep(delay)
    i += 1
    total += i
    if i % 100 == 0 or delay > 0.01:
        wf.tell(done=i, of=n, total=total)
    wf.save(i=i, total=total)
print("total", total)
