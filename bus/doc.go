// Package bus carries signals between processes: "this has changed", never what has changed.
//
// The topic of a signal is the id of the thing that changed (a team's, a generation's, a batch's). Signals merge: two
// for one topic may arrive as one, and one may arrive where nothing has changed. A signal may be lost; whoever follows a
// thing also looks again every few seconds, so a lost signal delays and never deceives. Signals are therefore published
// after the commit that they tell of, on connections of their own, and publishing never blocks or fails.
//
// It owns
//   - the seam (Bus), and the delivery within a process, which is immediate;
//   - signals through PostgreSQL (Listen): LISTEN and NOTIFY, a few milliseconds' worth of signals at a time;
//   - signals within one process (NewMemory), for tests;
//   - the follower (Feed): for each key that somebody watches, one goroutine reads the newest state once and hands the
//     same value to every subscriber, who may skip states;
//   - the events that must not be skipped (Events): for each key that somebody follows, one goroutine reads what lies
//     behind the last event once, and every stream hands each event on exactly once and in order.
//
// It leaves to others: what is read and who may see it, and the sockets.
package bus
