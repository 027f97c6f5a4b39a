package main

import (
	"context"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// A listing is a stream that Mautic gives in pages. Every page is asked for by the ids behind the last one of the page before, as rows
// come and go while a stream is read.
type listing struct {
	stream tap.Stream // but for its Read
	path   string     // below /api
	member string     // of the answer, that holds the rows
	// keys are the columns by which rows are ordered and told apart, as the question spells them.
	keys []string
	// added and modified are the dates of an entity as the question spells them; without them it is read whole in every run.
	added, modified string
	// happened is the date of a row of statistics, and late the dates that say that one was changed since.
	happened string
	late     []string
	where    []filter // that every question has
	size     int      // rows of an answer; 0: what the settings say
	related  []string // members with further rows, which some versions leave out of the list
	custom   string   // whose custom fields are columns: contact, company
	customs  int      // how many columns those are, the last ones
	min      int      // first major version that has it
	parted   bool     // runs with --shard share its ids out
	reads    func(r *reading, ctx context.Context) error
}

// entities are the streams of single endpoints. Contacts and companies are asked for with the names of the database, the others with
// those of the API, as Mautic refuses the other spelling with status 500.
func entities(c *Config) []listing {
	dated := func(l listing) listing { l.added, l.modified = "dateAdded", "dateModified"; return l }
	contacts := listing{stream: entity[Contact]("contacts", "Contacts, with custom fields as columns"), path: "contacts", member: "contacts", custom: "contact", added: "date_added", modified: "date_modified"}
	if c.IdentifiedOnly {
		contacts.where = []filter{{"date_identified", "isNotNull", ""}}
	}
	all := []listing{
		contacts,
		{stream: entity[Company]("companies", "Companies, with custom fields as columns"), path: "companies", member: "companies", custom: "company", added: "date_added", modified: "date_modified"},
		{stream: entity[Email]("emails", "Mails as they were written, with counters"), path: "emails", member: "emails", size: 20, related: []string{"variantChildren", "translationChildren"}},
		dated(listing{stream: entity[Campaign]("campaigns", "Campaigns with their events"), path: "campaigns", member: "campaigns"}),
		dated(listing{stream: entity[Segment]("segments", "Segments with their filters"), path: "segments", member: "lists"}),
		dated(listing{stream: entity[Form]("forms", "Forms with their fields and actions"), path: "forms", member: "forms"}),
		{stream: entity[Page]("pages", "Landing pages with counters"), path: "pages", member: "pages", size: 20, related: []string{"variantChildren", "translationChildren"}},
		{stream: entity[Asset]("assets", "Files to download, with counters"), path: "assets", member: "assets"},
		dated(listing{stream: entity[Stage]("stages", "Stages of contacts"), path: "stages", member: "stages"}),
		{stream: entity[Tag]("tags", "Tags of contacts"), path: "tags", member: "tags"},
		{stream: entity[Point]("points", "Actions that give points"), path: "points", member: "points"},
		{stream: entity[Point]("point_triggers", "What points set off"), path: "points/triggers", member: "triggers"},
		{stream: entity[PointGroup]("point_groups", "Groups of points"), path: "points/groups", member: "pointGroups", min: 5},
		{stream: entity[Note]("notes", "Notes about contacts"), path: "notes", member: "notes"},
		{stream: entity[Category]("categories", "Categories of anything"), path: "categories", member: "categories"},
		{stream: entity[SMS]("smses", "Text messages as they were written"), path: "smses", member: "smses"},
		{stream: entity[Field]("contact_fields", "Fields of contacts"), path: "fields/contact", member: "fields"},
		{stream: entity[Field]("company_fields", "Fields of companies"), path: "fields/company", member: "fields"},
		unselected(listing{stream: entity[User]("users", "People who work with Mautic"), path: "users", member: "users"}),
	}
	for i := range all {
		all[i].keys = []string{"id"}
		all[i].reads = (*reading).scanned
	}
	return append(all,
		listing{stream: tap.Typed[FormSubmission](tap.Stream{Name: "form_submissions", Description: "Forms as they were filled in", Disposition: protocol.Append}),
			member: "submissions", keys: []string{"s.id"}, happened: "s.date_submitted", reads: (*reading).submitted},
		unselected(listing{stream: tap.Typed[Activity](tap.Stream{Name: "contact_activity", Description: "Timelines of contacts; the tables of statistics say the same with keys of their own", Disposition: protocol.Append}),
			path: "contacts/activity", member: "events", reads: (*reading).lived}))
}

// statistics are the streams of the tables of statistics. Those whose rows change in any way that no date tells of are replaced. Without
// lookback no row is read again, so that there is nothing to merge.
func statistics(c *Config) []listing {
	opened := []string{"date_sent", "date_read"}
	if c.LateOpens {
		opened = append(opened, "last_opened")
	}
	all := []listing{
		table[EmailStat]("email_stats", "Mails by contact, with opens and bounces", "date_sent", opened...),
		table[EmailStatDevice]("email_stats_devices", "Opens by device", "date_opened"),
		set[EmailStatReply]("email_stat_replies", "email_stat_replies", "Answers to mails", "id"),
		table[CampaignEvent]("campaign_lead_event_log", "Events of campaigns by contact", "date_triggered", "date_triggered"),
		set[CampaignMember]("campaign_members", "campaign_leads", "Contacts in campaigns", "campaign_id", "lead_id"),
		set[SegmentMember]("segment_members", "lead_lists_leads", "Contacts in segments", "leadlist_id", "lead_id"),
		set[CompanyMember]("company_members", "companies_leads", "Contacts in companies", "company_id", "lead_id"),
		table[LeadEvent]("lead_event_log", "Log of contacts", "date_added"),
		table[PageHit]("page_hits", "Visits of pages", "date_hit", "date_hit"),
		set[DoNotContact]("lead_donotcontact", "lead_donotcontact", "Contacts not to be written to", "id"),
		table[PointsChange]("lead_points_change_log", "Changes of points", "date_added"),
		table[StageChange]("lead_stages_change_log", "Changes of stages", "date_added"),
		table[CompanyChange]("lead_companies_change_log", "Changes of companies", "date_added"),
		table[UtmTag]("lead_utmtags", "Where contacts came from", "date_added"),
		table[AssetDownload]("asset_downloads", "Downloads of files", "date_download"),
		table[SMSStat]("sms_message_stats", "Text messages by contact", "date_sent", "date_sent"),
		set[Redirect]("page_redirects", "page_redirects", "Links that are counted", "id"),
		set[Trackable]("channel_url_trackables", "channel_url_trackables", "Counted links by mail", "redirect_id", "channel_id", "channel"),
		set[Device]("lead_devices", "lead_devices", "Devices of contacts", "id"),
		unselected(set[IPAddress]("ip_addresses", "ip_addresses", "Addresses that were seen", "id")),
		unselected(table[AuditEntry]("audit_log", "Who changed what in Mautic", "date_added")),
		deletions(),
	}
	for i := range all {
		if l := &all[i]; c.Lookback == 0 && l.late != nil {
			l.stream.Disposition, l.late = protocol.Append, nil
		}
	}
	return all
}

// entity is a stream that is merged, and sees by whole reads what was deleted.
func entity[T any](name, description string) tap.Stream {
	return tap.Typed[T](tap.Stream{Name: name, Description: description, Disposition: protocol.Merge, Versions: true})
}

// table is a stream of the table of statistics of that name, to which rows are added by ascending id. Those that change are merged: late are
// the dates that tell of it.
func table[T any](name, description, happened string, late ...string) listing {
	disposition := protocol.Append
	if len(late) > 0 {
		disposition = protocol.Merge
	}
	return listing{stream: tap.Typed[T](tap.Stream{Name: name, Description: description, Disposition: disposition}),
		path: "stats/" + name, member: "stats", keys: []string{"id"}, happened: happened, late: late, parted: true, reads: (*reading).scanned}
}

// set is a stream of a table of statistics whose rows change and vanish: it is read whole.
func set[T any](name, from, description string, keys ...string) listing {
	return listing{stream: tap.Typed[T](tap.Stream{Name: name, Description: description, Disposition: protocol.Replace}),
		path: "stats/" + from, member: "stats", keys: keys, reads: (*reading).replaced}
}

// deletions are the entries of the audit log that tell of them.
func deletions() listing {
	l := table[AuditEntry]("deletions", "What was deleted in Mautic, as long as its audit log is kept", "date_added")
	l.path = "stats/audit_log"
	l.where = []filter{{"action", "eq", "delete"}}
	return l
}

func unselected(l listing) listing { l.stream.Unselected = true; return l }
