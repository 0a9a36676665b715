// Package enginetest is for the tests of programs that define workflows, as httptest is for those of programs
// that serve HTTP.
//
//   - [New] opens an engine on a new file, in which time passes at once: a sleep of 30 days takes
//     milliseconds. [Run] starts a workflow in it and returns its result; [SignalWhenWaiting] answers an Await.
//   - [Step] runs one step of a workflow, and [NewContext] makes what a step function needs, both without an
//     engine.
//   - [CrashEverywhere] lets the process die at every commit of a workflow, before and after it, and checks that
//     the workflow comes to the same end each time.
//   - [Replay] checks that runs which older code has left behind can go on with the code of today.
//   - [CheckNames] finds names of steps in the source that no step has.
package enginetest
