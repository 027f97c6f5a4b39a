package main

import "fmt"

// idsTogether is how many ids in a row are read by one run with --shard.
const idsTogether = 10_000

// shares tells whether this run leaves ids of a listing to others.
func (s *source) shares(l *listing) bool { return l.parted && s.run.Shard.Count > 1 }

// ours is the first id from here on whose row this run reads.
func (s *source) ours(l *listing, id int64) int64 {
	for s.shares(l) && !s.run.Shard.Owns(fmt.Sprintf("%s %d", l.stream.Name, id/idsTogether)) {
		id = (id/idsTogether + 1) * idsTogether
	}
	return id
}
