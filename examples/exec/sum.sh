#!/bin/bash
# Adds the integers from 1 to n: bash sum.sh [N [SECONDS-PER-ADDITION]]. The line that saves is all that it takes.
: "${WF_STATE:=state.sh}"
save() { echo "i=$i total=$total" >"$WF_STATE.tmp" && mv "$WF_STATE.tmp" "$WF_STATE"; }

i=0 total=0
[ -e "$WF_STATE" ] && . "$WF_STATE"
trap 'save; exit 85' TERM
while ((i < ${1:-200})); do
	sleep "${2:-0}"
	((i += 1, total += i))
	save
done
echo "total $total"
