package main

import (
	"encoding/json"
	"time"
)

// The record types of Mautic's entities, one line per column. A column is the API's property in snake case. What Mautic sends as
// a list or as a map, by version, is a list here.
//
// https://developer.mautic.org and https://devdocs.mautic.org/en/latest/rest_api/ describe the properties.

type (
	list   []json.RawMessage
	object map[string]json.RawMessage
	raw    = json.RawMessage
)

// published is what most entities have. DateModified is null until the first change.
type published struct {
	IsPublished    bool      `json:"is_published"`
	DateAdded      time.Time `json:"date_added"`
	DateModified   time.Time `json:"date_modified"`
	CreatedBy      int64     `json:"created_by"`
	CreatedByUser  string    `json:"created_by_user"`
	ModifiedBy     int64     `json:"modified_by"`
	ModifiedByUser string    `json:"modified_by_user"`
}

// Contact is a lead, anonymous visitors included. Its custom fields follow as columns, see customFields.
type Contact struct {
	ID int64 `json:"id" tap:"key"`
	published
	Points                int64     `json:"points"`
	Color                 string    `json:"color"`
	LastActive            time.Time `json:"last_active"`
	DateIdentified        time.Time `json:"date_identified"`
	OwnerID               int64     `json:"owner_id"`
	Owner                 raw       `json:"owner"`
	StageID               int64     `json:"stage_id"`
	Stage                 raw       `json:"stage"`
	Tags                  list      `json:"tags"`
	UtmTags               list      `json:"utmtags"`
	DoNotContact          list      `json:"do_not_contact"`
	FrequencyRules        list      `json:"frequency_rules"`
	IPAddresses           list      `json:"ip_addresses"`
	PreferredProfileImage string    `json:"preferred_profile_image"`
}

// Company is an organisation that contacts belong to. Custom fields follow as columns.
type Company struct {
	ID int64 `json:"id" tap:"key"`
	published
	Score int64 `json:"score"`
}

// Email is a mail as it was written. Its counters change without a new date_modified.
type Email struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name                string    `json:"name"`
	Subject             string    `json:"subject"`
	Language            string    `json:"language"`
	CategoryID          int64     `json:"category_id"`
	Category            raw       `json:"category"`
	FromAddress         string    `json:"from_address"`
	FromName            string    `json:"from_name"`
	ReplyToAddress      string    `json:"reply_to_address"`
	BccAddress          string    `json:"bcc_address"`
	UseOwnerAsMailer    bool      `json:"use_owner_as_mailer"`
	UtmTags             object    `json:"utm_tags"`
	PreheaderText       string    `json:"preheader_text"`
	CustomHTML          string    `json:"custom_html"`
	PlainText           string    `json:"plain_text"`
	Template            string    `json:"template"`
	EmailType           string    `json:"email_type"`
	PublishUp           time.Time `json:"publish_up"`
	PublishDown         time.Time `json:"publish_down"`
	PublicPreview       bool      `json:"public_preview"`
	ReadCount           int64     `json:"read_count"`
	SentCount           int64     `json:"sent_count"`
	Revision            int64     `json:"revision"`
	AssetAttachments    list      `json:"asset_attachments"`
	VariantStartDate    time.Time `json:"variant_start_date"`
	VariantSentCount    int64     `json:"variant_sent_count"`
	VariantReadCount    int64     `json:"variant_read_count"`
	VariantParent       raw       `json:"variant_parent"`
	VariantChildren     list      `json:"variant_children"`
	TranslationParent   raw       `json:"translation_parent"`
	TranslationChildren list      `json:"translation_children"`
	UnsubscribeForm     raw       `json:"unsubscribe_form"`
	DynamicContent      list      `json:"dynamic_content"`
	Lists               list      `json:"lists"`
	Headers             object    `json:"headers"`
}

// Campaign is an automation with its events. Since Mautic 5.1 a deleted one is hidden.
type Campaign struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name              string    `json:"name"`
	Description       string    `json:"description"`
	CategoryID        int64     `json:"category_id"`
	Category          raw       `json:"category"`
	AllowRestart      bool      `json:"allow_restart"`
	RepublishBehavior string    `json:"republish_behavior"`
	PublishUp         time.Time `json:"publish_up"`
	PublishDown       time.Time `json:"publish_down"`
	Events            list      `json:"events"`
	Forms             list      `json:"forms"`
	Lists             list      `json:"lists"`
	CanvasSettings    object    `json:"canvas_settings"`
}

// Segment is what the API's answers call a list.
type Segment struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name               string `json:"name"`
	PublicName         string `json:"public_name"`
	Alias              string `json:"alias"`
	Description        string `json:"description"`
	Category           raw    `json:"category"`
	Filters            list   `json:"filters"`
	IsGlobal           bool   `json:"is_global"`
	IsPreferenceCenter bool   `json:"is_preference_center"`
}

// Form is a form with its fields and actions.
type Form struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name               string    `json:"name"`
	Alias              string    `json:"alias"`
	Category           raw       `json:"category"`
	Description        string    `json:"description"`
	CachedHTML         string    `json:"cached_html"`
	PublishUp          time.Time `json:"publish_up"`
	PublishDown        time.Time `json:"publish_down"`
	Fields             list      `json:"fields"`
	Actions            list      `json:"actions"`
	Template           string    `json:"template"`
	InKioskMode        bool      `json:"in_kiosk_mode"`
	RenderStyle        bool      `json:"render_style"`
	FormType           string    `json:"form_type"`
	PostAction         string    `json:"post_action"`
	PostActionProperty string    `json:"post_action_property"`
	NoIndex            bool      `json:"no_index"`
	FormAttributes     string    `json:"form_attributes"`
	Language           string    `json:"language"`
}

// FormSubmission is one filled form. Results are by field alias.
type FormSubmission struct {
	ID            int64     `json:"id" tap:"key"`
	FormID        int64     `json:"form_id"`
	ContactID     int64     `json:"contact_id"`
	PageID        int64     `json:"page_id"`
	IPAddress     string    `json:"ip_address"`
	TrackingID    string    `json:"tracking_id"`
	DateSubmitted time.Time `json:"date_submitted"`
	Referer       string    `json:"referer"`
	Results       object    `json:"results"`
	Form          raw       `json:"form" tap:"unselected"`
	Lead          raw       `json:"lead" tap:"unselected"` // what the contact's own row says
	Page          raw       `json:"page" tap:"unselected"`
}

// Page is a landing page. Its counters change without a new date_modified.
type Page struct {
	ID int64 `json:"id" tap:"key"`
	published
	Title               string    `json:"title"`
	Alias               string    `json:"alias"`
	Category            raw       `json:"category"`
	Language            string    `json:"language"`
	PublishUp           time.Time `json:"publish_up"`
	PublishDown         time.Time `json:"publish_down"`
	Hits                int64     `json:"hits"`
	UniqueHits          int64     `json:"unique_hits"`
	VariantHits         int64     `json:"variant_hits"`
	Revision            int64     `json:"revision"`
	MetaDescription     string    `json:"meta_description"`
	RedirectType        string    `json:"redirect_type"`
	RedirectURL         string    `json:"redirect_url"`
	IsPreferenceCenter  bool      `json:"is_preference_center"`
	NoIndex             bool      `json:"no_index"`
	VariantSettings     object    `json:"variant_settings"`
	VariantStartDate    time.Time `json:"variant_start_date"`
	VariantParent       raw       `json:"variant_parent"`
	VariantChildren     list      `json:"variant_children"`
	TranslationParent   raw       `json:"translation_parent"`
	TranslationChildren list      `json:"translation_children"`
	Template            string    `json:"template"`
	CustomHTML          string    `json:"custom_html"`
}

// Asset is a file to download. Its counters change without a new date_modified.
type Asset struct {
	ID int64 `json:"id" tap:"key"`
	published
	Title               string    `json:"title"`
	Alias               string    `json:"alias"`
	Category            raw       `json:"category"`
	Description         string    `json:"description"`
	Language            string    `json:"language"`
	PublishUp           time.Time `json:"publish_up"`
	PublishDown         time.Time `json:"publish_down"`
	DownloadCount       int64     `json:"download_count"`
	UniqueDownloadCount int64     `json:"unique_download_count"`
	Revision            int64     `json:"revision"`
	Extension           string    `json:"extension"`
	Mime                string    `json:"mime"`
	Size                int64     `json:"size"`
	DownloadURL         string    `json:"download_url"`
	StorageLocation     string    `json:"storage_location"`
	Disallow            bool      `json:"disallow"`
}

// Stage is a step of a contact's way to a sale.
type Stage struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name        string    `json:"name"`
	Category    raw       `json:"category"`
	Weight      int64     `json:"weight"`
	Description string    `json:"description"`
	PublishUp   time.Time `json:"publish_up"`
	PublishDown time.Time `json:"publish_down"`
}

// Tag is a word put on contacts.
type Tag struct {
	ID          int64  `json:"id" tap:"key"`
	Tag         string `json:"tag"`
	Description string `json:"description"`
}

// Point is an action that gives points, or a trigger that points set off.
type Point struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name        string    `json:"name"`
	Category    raw       `json:"category"`
	Type        string    `json:"type"`
	Description string    `json:"description"`
	PublishUp   time.Time `json:"publish_up"`
	PublishDown time.Time `json:"publish_down"`
	Delta       int64     `json:"delta"`
	Repeatable  bool      `json:"repeatable"`
	Properties  object    `json:"properties"`
}

// PointGroup keeps a score of its own. Since Mautic 5.
type PointGroup struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Note is what somebody wrote about a contact.
type Note struct {
	ID        int64     `json:"id" tap:"key"`
	ContactID int64     `json:"contact_id"`
	Text      string    `json:"text"`
	Type      string    `json:"type"`
	DateTime  time.Time `json:"date_time"`
	Lead      raw       `json:"lead" tap:"unselected"` // what the contact's own row says
}

// Category is a group of anything.
type Category struct {
	ID int64 `json:"id" tap:"key"`
	published
	Title       string `json:"title"`
	Alias       string `json:"alias"`
	Description string `json:"description"`
	Color       string `json:"color"`
	Bundle      string `json:"bundle"`
}

// SMS is a text message as it was written.
type SMS struct {
	ID int64 `json:"id" tap:"key"`
	published
	Name      string `json:"name"`
	Message   string `json:"message"`
	Language  string `json:"language"`
	Category  raw    `json:"category"`
	SmsType   string `json:"sms_type"`
	SentCount int64  `json:"sent_count"`
	Lists     list   `json:"lists"`
}

// User is somebody who works with Mautic.
type User struct {
	ID int64 `json:"id" tap:"key"`
	published
	Username  string    `json:"username"`
	FirstName string    `json:"first_name"`
	LastName  string    `json:"last_name"`
	Email     string    `json:"email"`
	Position  string    `json:"position"`
	Role      raw       `json:"role"`
	Timezone  string    `json:"timezone"`
	Locale    string    `json:"locale"`
	LastLogin time.Time `json:"last_login"`
}

// Field is a field of contacts or companies, custom or not.
type Field struct {
	ID int64 `json:"id" tap:"key"`
	published
	Label              string `json:"label"`
	Alias              string `json:"alias"`
	Type               string `json:"type"`
	Group              string `json:"group"`
	Object             string `json:"object"`
	Order              int64  `json:"order"`
	DefaultValue       string `json:"default_value"`
	IsRequired         bool   `json:"is_required"`
	IsFixed            bool   `json:"is_fixed"`
	IsListable         bool   `json:"is_listable"`
	IsVisible          bool   `json:"is_visible"`
	IsUniqueIdentifier bool   `json:"is_unique_identifier"`
	Properties         raw    `json:"properties"`
}

// Activity is one entry of a contact's timeline.
type Activity struct {
	EventID    string    `json:"event_id" tap:"key"`
	ContactID  int64     `json:"contact_id" tap:"key"` // 0 for none
	Timestamp  time.Time `json:"timestamp" tap:"key"`
	Event      string    `json:"event"`
	EventLabel raw       `json:"event_label"` // text, or {label, href}
	EventType  string    `json:"event_type"`
	Icon       string    `json:"icon"`
	Featured   bool      `json:"featured"`
	Details    raw       `json:"details"`
}
