// Package jobs keeps work that takes longer than a request in the database (River, schema "river"): it is enqueued in the transaction of the change that wants it, and worked
// on by `wanglou serve` or `wanglou work`.
//
// # A kind of one's own
//
// A kind is a name, whether it is heavy, and a func:
//
//	type detectArgs struct{ Before, After int64 } // JSON
//
//	kind := jobs.Kind{Name: "detection.run", Heavy: true, Run: func(ctx context.Context, j *jobs.Run) error {
//		var args detectArgs
//		if err := j.Decode(&args); err != nil {
//			return err
//		}
//		j.Tell("difference", 0.3) // step and share of the whole; as often as you like
//		…
//	}}
//
// List it where server/cmd/wanglou/work.go makes the [Worker]. Enqueue it in the transaction that writes the row which it works on:
//
//	id, err := queue.Enqueue(ctx, tx, jobs.New{Kind: "detection.run", Subject: "detection-run/7", Area: path, Args: detectArgs{1, 2}})
//
// Two jobs of one kind and subject that have not ended are one: Enqueue returns the first, unless Repeat is set.
//
// # What is promised
//   - ctx carries whoever enqueued it as the actor, with the rights of now ([auth.ActorFrom]); it ends when the job is called off or the worker stops.
//   - An attempt that fails with unavailable, storage_full or internal is tried again, three times unless the kind says otherwise; any other *layers.Error is final at once.
//   - A worker that was killed is noticed a minute later; the job begins again from its start. Write beside, rename and commit last; sweep at the start what an earlier attempt left.
//   - Of heavy kinds one runs at a time on a machine, whichever process works.
package jobs
