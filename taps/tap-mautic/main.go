// Package main is tap-mautic: contacts, mails, campaigns and all that happened to them, of a Mautic of versions 3 to 7.
package main

import (
	_ "embed"

	"github.com/signalroom/signalroom/taps/tap"
)

//go:generate go test -run TestDocumentationPage -count 1 . -update

//go:embed notes.md
var notes string

func main() { tap.Main(program) }

// program declares the tap.
var program = tap.Tap[Config]{
	Name:        "tap-mautic",
	Description: "Contacts, mails, campaigns and statistics of a Mautic, with custom fields as columns and deletions seen",
	Notes:       notes,
	Unselected: []string{
		"users.*", "contact_activity.*", "ip_addresses.*", "audit_log.*", "notes.lead", "form_submissions.form", "form_submissions.lead",
		"form_submissions.page", "email_stats.open_details",
	},
	Open: open,
}
