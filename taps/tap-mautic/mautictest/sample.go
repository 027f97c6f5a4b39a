package mautictest

import (
	"fmt"
	"maps"
	"time"
)

// Today is when the tests take place, by Mautic's clock and by the tap's.
var Today = time.Date(2026, 5, 10, 12, 0, 0, 0, time.UTC)

// fields are the custom fields of the sample's contacts. Two aliases are names of other columns.
func fields() []Row {
	field := func(id int, alias, kind, group string) Row {
		return Row{"id": id, "label": alias, "alias": alias, "type": kind, "group": group, "order": id, "object": "lead", "isFixed": id < 3, "defaultValue": nil, "properties": []any{}}
	}
	return []Row{
		field(1, "firstname", "text", "core"), field(2, "email", "email", "core"), field(3, "points", "number", "core"), field(6, "last_active", "datetime", "core"),
		field(9, "vip", "boolean", "professional"), field(10, "birthday", "date", "personal"), field(11, "renewed_at", "datetime", "professional"),
		field(12, "revenue", "number", "professional"), field(13, "colours", "multiselect", "personal"), field(14, "stage", "text", "core"),
	}
}

// Contact is one as Mautic sends it. values are those of its custom fields.
func Contact(id int, added string, modified any, values Row) Row {
	all := Row{"id": fmt.Sprint(id)}
	groups := map[string]any{"core": []any{}, "social": []any{}, "personal": []any{}, "professional": []any{}}
	for _, f := range fields() {
		alias, group := f["alias"].(string), f["group"].(string)
		value := values[alias]
		all[alias] = value
		if _, ok := groups[group].(Row); !ok {
			groups[group] = Row{}
		}
		groups[group].(Row)[alias] = Row{"id": fmt.Sprint(f["id"]), "label": alias, "alias": alias, "type": f["type"], "group": group, "object": "lead", "is_fixed": "0", "value": value, "normalizedValue": value}
	}
	groups["all"] = all
	return Row{"isPublished": true, "dateAdded": added, "dateModified": modified, "createdBy": 1, "createdByUser": "Ann Admin", "modifiedBy": nil, "modifiedByUser": nil,
		"id": id, "points": 5, "color": nil, "fields": groups, "lastActive": nil, "owner": nil, "ipAddresses": []any{}, "tags": []any{}, "utmtags": []any{}, "stage": nil,
		"dateIdentified": added, "preferredProfileImage": "gravatar", "doNotContact": []any{}, "frequencyRules": []any{}}
}

// With changes some properties.
func (e Row) With(changes Row) Row {
	e = maps.Clone(e)
	maps.Copy(e, changes)
	return e
}

// Named is an entity with a name and dates.
func Named(id int, name, added string, modified any) Row {
	return Row{"id": id, "name": name, "isPublished": true, "dateAdded": added, "dateModified": modified, "createdBy": 1, "createdByUser": "Ann Admin", "modifiedBy": nil, "modifiedByUser": " "}
}

// Stat is a mail to a contact, sent on a day of May.
func Stat(id, email int, lead any, day int) Row {
	return Row{"id": id, "email_id": email, "lead_id": lead, "list_id": nil, "ip_id": nil, "email_address": fmt.Sprintf("c%v@shop.test", id), "date_sent": fmt.Sprintf("2026-05-%02d 08:00:00", day),
		"is_read": 0, "is_failed": 0, "viewed_in_browser": 0, "date_read": nil, "tracking_hash": fmt.Sprintf("66aa%d", id), "retry_count": 0, "source": "email", "source_id": email,
		"open_count": 0, "last_opened": nil, "open_details": nil}
}

// New is one with a little of everything. Ids have one digit to three, as text and numbers order them differently.
func New(version string) *Mautic {
	tag := Row{"id": 3, "tag": "warm", "description": nil}
	segment := Row{"id": 4, "name": "All", "alias": "all"}
	m := &Mautic{Version: version, Now: func() time.Time { return Today }}
	m.Entities = map[string][]Row{
		"contacts": {
			Contact(9, "2026-04-01T09:00:00+00:00", nil, Row{"firstname": "Kim", "email": "kim@shop.test", "points": 5, "vip": "1", "birthday": "1990-02-03", "revenue": "12.50", "colours": "red|blue", "stage": "closing"}).
				With(Row{"tags": []any{tag}, "owner": Row{"id": 1, "username": "ann", "firstName": "Ann", "lastName": "Admin"}, "stage": Row{"id": 2, "name": "Lead"},
					"ipAddresses": []any{Row{"id": 5, "ipAddress": "192.0.2.1", "ipDetails": Row{"city": "Bern"}}}, "doNotContact": []any{Row{"id": 1, "reason": 1, "comments": "", "channel": "email", "channelId": 9}}}),
			Contact(41, "2026-04-02T09:00:00+00:00", "2026-05-09T22:00:00-05:00", Row{"firstname": "Lea", "email": "lea@shop.test", "renewed_at": "2026-05-01 08:00:00", "vip": "0", "revenue": 7, "birthday": "0000-00-00"}),
			Contact(100, "2026-05-10T11:58:00+00:00", nil, Row{"birthday": "soon"}).With(Row{"dateIdentified": nil, "lastActive": "2026-05-10T11:59:00+00:00"}),
		},
		"companies": {Named(7, "x", "2026-04-01T09:00:00+00:00", nil).With(Row{"score": 3, "fields": Row{"core": []any{}, "all": Row{"id": "7", "companyname": "Shop Ltd"}}})},
		"emails": {
			Named(8, "Spring", "2026-03-02T10:00:00+00:00", nil).With(Row{"subject": "Hi", "emailType": "list", "readCount": 3, "sentCount": 40, "revision": 2, "customHtml": "<p>Hi</p>", "utmTags": []any{}, "headers": []any{},
				"category": Row{"id": 6, "title": "News"}, "variantParent": nil, "variantChildren": []any{Row{"id": 90, "name": "Spring B"}}, "lists": []any{segment, Row{"id": 5, "name": "Some"}, Row{"id": 6, "name": "Few"}}}),
			Named(90, "Spring B", "2026-03-02T11:00:00+00:00", nil).With(Row{"subject": "Hello", "emailType": "list", "readCount": 1, "sentCount": 4, "variantParent": Row{"id": 8}, "variantChildren": []any{}, "lists": []any{segment},
				"headers": Row{"X-A": "b"}}),
			Named(120, "Summer", "2026-04-02T10:00:00+00:00", nil).With(Row{"subject": "Sun", "emailType": "template", "readCount": 0, "sentCount": 0, "variantChildren": []any{}, "lists": []any{segment}}),
		},
		"campaigns": {Named(3, "Welcome", "2026-01-05T08:00:00+00:00", "2026-01-06T08:00:00+00:00").With(Row{"description": nil, "category": nil, "allowRestart": false, "publishUp": nil,
			"events": []any{Row{"id": 11, "name": "Mail 1", "type": "email.send", "eventType": "action", "order": 1, "properties": Row{"email": 9}, "children": []any{}}}, "forms": []any{}, "lists": []any{segment},
			"canvasSettings": Row{"nodes": []any{}}})},
		"segments":        {Named(4, "All", "2026-01-01T08:00:00+00:00", nil).With(Row{"alias": "all", "filters": []any{Row{"field": "email", "operator": "!empty"}}, "isGlobal": true})},
		"forms":           {Named(2, "Newsletter", "2026-01-01T08:00:00+00:00", nil).With(Row{"alias": "newsletter", "fields": []any{Row{"id": 1, "alias": "email"}}, "actions": []any{}}), Named(12, "Contact", "2026-01-02T08:00:00+00:00", nil)},
		"pages":           {Row{"id": 5, "title": "Sale", "isPublished": true, "dateAdded": "2026-01-01T08:00:00+00:00", "dateModified": nil, "hits": 10, "uniqueHits": 8, "variantParent": nil, "variantChildren": []any{}, "translationParent": nil, "translationChildren": []any{50}}, Row{"id": 50, "title": "Solde", "hits": 1, "variantParent": nil, "variantChildren": []any{}, "translationParent": Row{"id": 5}, "translationChildren": []any{}}},
		"assets":          {Row{"id": 1, "title": "Price list", "downloadCount": 4, "size": 1234, "mime": "application/pdf"}},
		"stages":          {Named(2, "Lead", "2026-01-01T08:00:00+00:00", nil).With(Row{"weight": 10})},
		"tags":            {tag},
		"points":          {Named(1, "Visit", "2026-01-01T08:00:00+00:00", nil).With(Row{"type": "url.hit", "delta": 5, "properties": Row{"page_url": "/"}, "repeatable": true})},
		"points/triggers": {Named(1, "Hot", "2026-01-01T08:00:00+00:00", nil)},
		"notes":           {Row{"id": 1, "text": "called", "type": "call", "dateTime": "2026-05-01T08:00:00+00:00", "lead": Row{"id": 9, "points": 5, "fields": Row{"core": Row{"email": Row{"value": "kim@shop.test"}}}}}},
		"categories":      {},
		"smses":           {Named(1, "Text", "2026-01-01T08:00:00+00:00", nil).With(Row{"message": "Hi", "sentCount": 2})},
		"fields/contact":  fields(),
		"fields/company":  {Row{"id": 30, "label": "Name", "alias": "companyname", "type": "text", "group": "core", "object": "company"}},
		"users":           {Row{"id": 1, "username": "ann", "firstName": "Ann", "email": "ann@shop.test"}},
	}
	if m.major() >= 5 {
		m.Entities["points/groups"] = []Row{Named(1, "Sales", "2026-01-01T08:00:00+00:00", nil)}
	}
	submission := func(id, form int, at string, lead any, results any) Row {
		return Row{"id": id, "ipAddress": Row{"ip": "192.0.2.9"}, "form": Row{"id": form, "name": "Newsletter", "alias": "newsletter", "category": nil}, "lead": lead, "trackingId": "abc", "dateSubmitted": at, "referer": "https://shop.test/", "page": nil, "results": results}
	}
	m.Forms = map[int][]Row{2: {
		submission(9, 2, "2026-05-01T08:00:00+00:00", Row{"id": 9, "firstname": "Kim", "country": "CH"}, Row{"email": "kim@shop.test"}),
		submission(10, 2, "2026-05-02T08:00:00+00:00", nil, []any{}),
	}, 12: {submission(4, 12, "2026-04-20T08:00:00+00:00", nil, Row{"question": "When?"})}}
	m.Tables = map[string][]Row{
		"email_stats": {
			Stat(99, 8, 9, 1).With(Row{"is_read": 1, "date_read": "2026-05-01 09:10:11", "open_count": 1, "last_opened": "2026-05-01 09:10:11", "open_details": "a:0:{}"}),
			Stat(100, 8, nil, 2), Stat(101, 90, 41, 9),
		},
		"email_stats_devices":     {Row{"id": 1, "stat_id": 99, "device_id": 2, "ip_id": 5, "date_opened": "2026-05-01 09:10:11"}},
		"email_stat_replies":      {Row{"id": "5b0f3c9e-0d5b-4c62-8d3f-3d6a1f1d7c11", "stat_id": 99, "message_id": "m1", "date_replied": "2026-05-02 08:00:00"}, Row{"id": "a90f3c9e-0d5b-4c62-8d3f-3d6a1f1d7c11", "stat_id": 101, "message_id": "m2", "date_replied": "2026-05-09 09:00:00"}},
		"campaign_lead_event_log": {Row{"id": 1, "campaign_id": 3, "event_id": 11, "lead_id": 9, "rotation": 1, "date_triggered": "2026-05-01 08:00:00", "is_scheduled": 0, "system_triggered": 1, "metadata": "a:0:{}"}, Row{"id": 2, "campaign_id": 3, "event_id": 11, "lead_id": 41, "rotation": 1, "date_triggered": nil, "is_scheduled": 1, "trigger_date": "2026-05-12 08:00:00", "system_triggered": 1}},
		"campaign_leads":          members("campaign_id", 3),
		"lead_lists_leads":        members("leadlist_id", 4),
		"companies_leads":         {Row{"company_id": 7, "lead_id": 9, "date_added": "2026-04-01 09:00:00", "is_primary": 1}},
		"lead_event_log":          {Row{"id": 1, "lead_id": 9, "bundle": "lead", "object": "import", "object_id": 1, "action": "inserted", "date_added": "2026-04-01 09:00:00", "properties": `{"line":1}`}},
		"page_hits":               {Row{"id": 1, "page_id": 5, "lead_id": 9, "date_hit": "2026-05-09 10:00:00", "date_left": nil, "code": 200, "url": "https://shop.test/?a=1&b=2"}},
		"lead_donotcontact":       {Row{"id": 1, "lead_id": 9, "channel": "email", "channel_id": 8, "reason": 1, "comments": "", "date_added": "2026-05-03 08:00:00"}},
		"lead_points_change_log":  {Row{"id": 1, "lead_id": 9, "type": "url", "event_name": "1: Visit", "action_name": "hit", "delta": 5, "date_added": "2026-05-01 10:00:00"}},
		"lead_stages_change_log":  {Row{"id": 1, "lead_id": 9, "stage_id": 2, "event_name": "2: Lead", "action_name": "moved", "date_added": "2026-05-01 10:00:00"}},
		"channel_url_trackables":  {Row{"redirect_id": 1, "channel_id": 8, "channel": "email", "hits": 4, "unique_hits": 3}, Row{"redirect_id": 1, "channel_id": 90, "channel": "email", "hits": 1, "unique_hits": 1}},
		"page_redirects":          {Row{"id": 1, "redirect_id": "9f2", "url": "https://shop.test/sale", "hits": 5, "unique_hits": 4}},
		"lead_utmtags":            {},
		"ip_addresses":            {Row{"id": 5, "ip_address": "192.0.2.1"}},
		"audit_log": {Row{"id": 1, "user_id": 1, "user_name": "Ann", "bundle": "lead", "object": "lead", "object_id": 77, "action": "delete", "details": "a:0:{}", "date_added": "2026-05-04 08:00:00", "ip_address": "192.0.2.7"},
			Row{"id": 2, "user_id": 1, "user_name": "Ann", "bundle": "lead", "object": "lead", "object_id": 9, "action": "update", "details": "a:0:{}", "date_added": "2026-05-05 08:00:00", "ip_address": "192.0.2.7"}},
	}
	m.Activity = []Row{
		{"event": "email.sent", "eventId": "email.sent99", "eventLabel": Row{"label": "Spring", "href": "/s/emails/view/8"}, "eventType": "Email sent", "timestamp": "2026-05-09T08:00:00+00:00", "contactId": 9, "details": Row{}, "icon": "x"},
		{"event": "email.sent", "eventId": "email.sent101", "eventLabel": "Spring B", "eventType": "Email sent", "timestamp": "2026-05-09T09:00:00+00:00", "contactId": 41, "details": []any{}, "icon": "x"},
		{"event": "page.hit", "eventId": "page.hit1", "eventLabel": "Sale", "eventType": "Page hit", "timestamp": "2026-05-10T08:00:00+00:00", "contactId": nil, "details": Row{}, "icon": "x"},
	}
	return m
}

// members are contacts of some campaign or segment, more of them than fit a small page.
func members(of string, id int) []Row {
	member := func(id, lead int) Row {
		return Row{of: id, "lead_id": lead, "date_added": "2026-04-02 09:00:00", "manually_added": 0, "manually_removed": 0}
	}
	return []Row{member(id, 9), member(id, 41), member(id, 100), member(id+1, 9), member(id+3, 41), member(id+3, 100)}
}
