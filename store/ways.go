package store

// ways are the steps that an item can take: from each state, "" for an item
// that is not there yet, to every state in which a method of Store may leave
// it. A state that leads to itself is one in which the record changes and the
// state doesn't. docs/states.md draws them and names the methods.
//
// Applying the journal at a start is no such method: the steps between two of
// its lines may be missing, and the lines alone say where the item stands.
func ways() map[State][]State {
	return map[State][]State{
		"":        {Waiting, Held},
		Waiting:   {Waiting, Sending, Held, Withdrawn},
		Sending:   {Sending, Waiting, Sent, Held, Withdrawn},
		Sent:      {Sent},
		Held:      {Held, Waiting, Sent, Withdrawn},
		Skipped:   {}, // nothing leads here yet: existing = "skip" comes with a later version
		Withdrawn: {Waiting, Held},
	}
}
