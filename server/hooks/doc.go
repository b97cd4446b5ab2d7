// Package hooks tells other systems of changes: the live feed of a layer as CloudEvents, posted to webhooks (layers/hook), signed, until they are taken.
//
//	event.go    what is sent
//	deliver.go  one webhook's worker: send, try again, give up
//	bot.go      the same for group robots: what is news, in a few sentences
//	leader.go   one node delivers for all
//
// A webhook is a subscriber of the live protocol like any other: it has its owner's rights and a position. The position is stored after a delivery, so whatever happens in between is
// sent again: at least once. While one is being sent, or is not taken, changes gather into the next difference; nothing piles up, and one webhook's slowness is its own.
package hooks
