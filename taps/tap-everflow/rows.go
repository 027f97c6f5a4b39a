package main

import (
	"strconv"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A lift is a column that takes its value from deeper in the row.
type lift struct{ column, path string }

// A shape makes of an answer's rows those of a stream.
type shape struct {
	*lenient.Sender
	lifts []lift
	set   []protocol.Member
}

// newShape leaves out what is secret: https://developers.everflow.io/docs/network/advertisers
func newShape(sender *lenient.Sender, lifts ...lift) *shape {
	sender.Secrets = []string{"verification_token", "integrations", "api"}
	return &shape{Sender: sender, lifts: lifts}
}

// send sends a row, with what else it is about. network_id is put in front where the row has none of its own.
func (s *shape) send(row []byte, networkID int64, about ...protocol.Member) error {
	s.set = s.set[:0]
	if rest.Member(row, "network_id") == nil {
		s.set = append(s.set, protocol.Member{Name: "network_id", Value: strconv.AppendInt(nil, networkID, 10)})
	}
	s.set = append(s.set, about...)
	for _, l := range s.lifts {
		if rest.Member(row, l.column) != nil {
			continue
		}
		if value := rest.Member(row, l.path); value != nil {
			s.set = append(s.set, protocol.Member{Name: l.column, Value: value})
		}
	}
	return s.Send(row, s.set...)
}
