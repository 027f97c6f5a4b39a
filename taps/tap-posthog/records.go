package main

import (
	"encoding/json"
	"time"
)

// The record types: one line for each column, as https://posthog.com/docs/api names them. What PostHog computes, or changes its mind
// about from one version to the next, is json.RawMessage, so that a row never breaks its schema. Every stream has a column project_id
// in front, which the tap adds. Fields that are not named here are kept as well.

// Event is one event. Columns that are not selected are not asked for.
// See https://posthog.com/docs/api/query and https://posthog.com/docs/data/events.
type Event struct {
	UUID             string          `json:"uuid" tap:"key"`
	Event            string          `json:"event"`
	Timestamp        time.Time       `json:"timestamp" tap:"cursor"` // as the sender's clock has it, microseconds
	CreatedAt        time.Time       `json:"created_at"`             // when PostHog received it
	DistinctID       string          `json:"distinct_id"`
	PersonID         string          `json:"person_id"`
	Properties       json.RawMessage `json:"properties"`
	ElementsChain    string          `json:"elements_chain"`
	SessionID        string          `json:"session_id"`
	WindowID         string          `json:"window_id" tap:"unselected"`
	PersonMode       string          `json:"person_mode" tap:"unselected"`
	PersonProperties json.RawMessage `json:"person_properties" tap:"unselected"`
	Group0           string          `json:"group_0" tap:"unselected"`
	Group1           string          `json:"group_1" tap:"unselected"`
	Group2           string          `json:"group_2" tap:"unselected"`
	Group3           string          `json:"group_3" tap:"unselected"`
	Group4           string          `json:"group_4" tap:"unselected"`
}

// FeatureFlag is a flag, archived ones among them. https://posthog.com/docs/api/feature-flags
type FeatureFlag struct {
	ID                         int64           `json:"id" tap:"key"`
	Key                        string          `json:"key"`
	Name                       string          `json:"name"`    // its description
	Filters                    json.RawMessage `json:"filters"` // without encrypted payloads, unless encrypted_payloads says so
	Active                     bool            `json:"active"`
	Deleted                    bool            `json:"deleted"`
	Archived                   bool            `json:"archived"`
	CreatedAt                  time.Time       `json:"created_at"`
	UpdatedAt                  time.Time       `json:"updated_at"`
	CreatedBy                  json.RawMessage `json:"created_by"`
	LastModifiedBy             json.RawMessage `json:"last_modified_by"`
	Version                    int64           `json:"version"`
	Status                     string          `json:"status"`
	LastCalledAt               time.Time       `json:"last_called_at"`
	IsSimpleFlag               bool            `json:"is_simple_flag"`
	RolloutPercentage          float64         `json:"rollout_percentage"`
	EnsureExperienceContinuity bool            `json:"ensure_experience_continuity"`
	ExperimentSet              json.RawMessage `json:"experiment_set"`
	Surveys                    json.RawMessage `json:"surveys"`
	Features                   json.RawMessage `json:"features"`
	RollbackConditions         json.RawMessage `json:"rollback_conditions"`
	PerformedRollback          bool            `json:"performed_rollback"`
	CanEdit                    bool            `json:"can_edit"`
	Tags                       json.RawMessage `json:"tags"`
	EvaluationTags             json.RawMessage `json:"evaluation_tags"`     // older servers
	EvaluationContexts         json.RawMessage `json:"evaluation_contexts"` // newer ones
	EvaluationRuntime          string          `json:"evaluation_runtime"`
	BucketingIdentifier        string          `json:"bucketing_identifier"`
	UsageDashboard             int64           `json:"usage_dashboard"`
	AnalyticsDashboards        json.RawMessage `json:"analytics_dashboards"`
	HasEnrichedAnalytics       bool            `json:"has_enriched_analytics"`
	UserAccessLevel            string          `json:"user_access_level"`
	CreationContext            string          `json:"creation_context"`
	IsRemoteConfiguration      bool            `json:"is_remote_configuration"`
	HasEncryptedPayloads       bool            `json:"has_encrypted_payloads"`
	IsUsedInReplaySettings     bool            `json:"is_used_in_replay_settings"`
}

// Experiment is an experiment, archived ones among them. https://posthog.com/docs/api/experiments
type Experiment struct {
	ID                           int64           `json:"id" tap:"key"`
	Name                         string          `json:"name"`
	Description                  string          `json:"description"`
	Type                         string          `json:"type"`
	Status                       string          `json:"status"` // draft, running, paused, stopped
	StartDate                    time.Time       `json:"start_date"`
	EndDate                      time.Time       `json:"end_date"`
	FeatureFlagKey               string          `json:"feature_flag_key"`
	FeatureFlag                  json.RawMessage `json:"feature_flag"`
	Holdout                      json.RawMessage `json:"holdout"`
	HoldoutID                    int64           `json:"holdout_id"`
	ExposureCohort               int64           `json:"exposure_cohort"`
	Parameters                   json.RawMessage `json:"parameters"`
	Filters                      json.RawMessage `json:"filters"`
	Metrics                      json.RawMessage `json:"metrics"`
	MetricsSecondary             json.RawMessage `json:"metrics_secondary"`
	SecondaryMetrics             json.RawMessage `json:"secondary_metrics"`
	SavedMetrics                 json.RawMessage `json:"saved_metrics"`
	SavedMetricsIDs              json.RawMessage `json:"saved_metrics_ids"`
	PrimaryMetricsOrderedUUIDs   json.RawMessage `json:"primary_metrics_ordered_uuids"`
	SecondaryMetricsOrderedUUIDs json.RawMessage `json:"secondary_metrics_ordered_uuids"`
	ExposureCriteria             json.RawMessage `json:"exposure_criteria"`
	StatsConfig                  json.RawMessage `json:"stats_config"`
	SchedulingConfig             json.RawMessage `json:"scheduling_config"`
	Conclusion                   string          `json:"conclusion"`
	ConclusionComment            string          `json:"conclusion_comment"`
	OnlyCountMaturedUsers        bool            `json:"only_count_matured_users"`
	Archived                     bool            `json:"archived"`
	Deleted                      bool            `json:"deleted"`
	CreatedBy                    json.RawMessage `json:"created_by"`
	CreatedAt                    time.Time       `json:"created_at"`
	UpdatedAt                    time.Time       `json:"updated_at"`
	UserAccessLevel              string          `json:"user_access_level"`
}

// SavedMetric is a metric that experiments share. https://posthog.com/docs/api/experiment-saved-metrics
type SavedMetric struct {
	ID          int64           `json:"id" tap:"key"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Query       json.RawMessage `json:"query"`
	Tags        json.RawMessage `json:"tags"`
	CreatedBy   json.RawMessage `json:"created_by"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// Holdout is a group of persons that experiments leave out. https://posthog.com/docs/api/experiment-holdouts
type Holdout struct {
	ID          int64           `json:"id" tap:"key"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Filters     json.RawMessage `json:"filters"`
	CreatedBy   json.RawMessage `json:"created_by"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// Person is a person as the list has it: id is a UUID here. https://posthog.com/docs/api/persons
type Person struct {
	UUID         string          `json:"uuid" tap:"key"`
	ID           json.RawMessage `json:"id"` // a UUID in lists, a number elsewhere
	Name         string          `json:"name"`
	DistinctIDs  json.RawMessage `json:"distinct_ids"` // the first thousand
	Properties   json.RawMessage `json:"properties"`
	IsIdentified bool            `json:"is_identified"`
	CreatedAt    time.Time       `json:"created_at"`
	LastSeenAt   time.Time       `json:"last_seen_at"` // rounded down to the hour
	Type         string          `json:"type" tap:"unselected"`
	Recordings   json.RawMessage `json:"matched_recordings" tap:"unselected"`
	Value        json.RawMessage `json:"value_at_data_point" tap:"unselected"`
}

// Cohort is a cohort's definition. https://posthog.com/docs/api/cohorts
type Cohort struct {
	ID                int64           `json:"id" tap:"key"`
	Name              string          `json:"name"`
	Description       string          `json:"description"`
	Groups            json.RawMessage `json:"groups"`
	Filters           json.RawMessage `json:"filters"`
	Query             json.RawMessage `json:"query"`
	Deleted           bool            `json:"deleted"`
	IsStatic          bool            `json:"is_static"`
	CohortType        string          `json:"cohort_type"`
	Count             int64           `json:"count"`
	Version           int64           `json:"version"`
	PendingVersion    int64           `json:"pending_version"`
	IsCalculating     bool            `json:"is_calculating"`
	LastCalculation   time.Time       `json:"last_calculation"`
	LastBackfill      time.Time       `json:"last_backfill_person_properties_at"`
	ErrorsCalculating int64           `json:"errors_calculating"`
	LastErrorMessage  string          `json:"last_error_message"`
	ConditionType     string          `json:"condition_type"`
	ExperimentSet     json.RawMessage `json:"experiment_set"`
	CreatedBy         json.RawMessage `json:"created_by"`
	CreatedAt         time.Time       `json:"created_at"`
}

// Annotation is a note at a point in time. One of an organization comes in each of its projects, so project_id belongs to the key.
// https://posthog.com/docs/api/annotations
type Annotation struct {
	ID                 int64           `json:"id" tap:"key"`
	Content            string          `json:"content"`
	DateMarker         time.Time       `json:"date_marker"`
	CreationType       string          `json:"creation_type"` // USR, GIT
	Scope              string          `json:"scope"`
	DashboardItem      int64           `json:"dashboard_item"`
	DashboardID        int64           `json:"dashboard_id"`
	DashboardName      string          `json:"dashboard_name"`
	InsightShortID     string          `json:"insight_short_id"`
	InsightName        string          `json:"insight_name"`
	InsightDerivedName string          `json:"insight_derived_name"`
	Deleted            bool            `json:"deleted"`
	CreatedBy          json.RawMessage `json:"created_by"`
	CreatedAt          time.Time       `json:"created_at"`
	UpdatedAt          time.Time       `json:"updated_at"`
}

// Action is a named set of events. https://posthog.com/docs/api/actions
type Action struct {
	ID                 int64           `json:"id" tap:"key"`
	Name               string          `json:"name"`
	Description        string          `json:"description"`
	Tags               json.RawMessage `json:"tags"`
	Steps              json.RawMessage `json:"steps"`
	PostToSlack        bool            `json:"post_to_slack"`
	SlackMessageFormat string          `json:"slack_message_format"`
	Deleted            bool            `json:"deleted"`
	IsCalculating      bool            `json:"is_calculating"`
	LastCalculatedAt   time.Time       `json:"last_calculated_at"`
	TeamID             int64           `json:"team_id"`
	IsAction           bool            `json:"is_action"`
	BytecodeError      string          `json:"bytecode_error"`
	PinnedAt           time.Time       `json:"pinned_at"`
	CreatedBy          json.RawMessage `json:"created_by"`
	CreatedAt          time.Time       `json:"created_at"`
	UserAccessLevel    string          `json:"user_access_level"`
}

// Insight is a saved insight, without its results. https://posthog.com/docs/api/insights
type Insight struct {
	ID              int64           `json:"id" tap:"key"`
	ShortID         string          `json:"short_id"`
	Name            string          `json:"name"`
	DerivedName     string          `json:"derived_name"`
	Description     string          `json:"description"`
	Query           json.RawMessage `json:"query"`
	Filters         json.RawMessage `json:"filters"` // legacy
	Order           int64           `json:"order"`
	Tags            json.RawMessage `json:"tags"`
	Dashboards      json.RawMessage `json:"dashboards"`
	DashboardTiles  json.RawMessage `json:"dashboard_tiles"`
	Favorited       bool            `json:"favorited"`
	Saved           bool            `json:"saved"`
	Deleted         bool            `json:"deleted"`
	IsSample        bool            `json:"is_sample"`
	Timezone        string          `json:"timezone"`
	LastRefresh     time.Time       `json:"last_refresh"`
	CreatedAt       time.Time       `json:"created_at"`
	CreatedBy       json.RawMessage `json:"created_by"`
	UpdatedAt       time.Time       `json:"updated_at"`
	LastModifiedAt  time.Time       `json:"last_modified_at"`
	LastModifiedBy  json.RawMessage `json:"last_modified_by"`
	UserAccessLevel string          `json:"user_access_level"`
}

// Dashboard is a dashboard's heading, without its tiles. https://posthog.com/docs/api/dashboards
type Dashboard struct {
	ID              int64           `json:"id" tap:"key"`
	Name            string          `json:"name"`
	Description     string          `json:"description"`
	Pinned          bool            `json:"pinned"`
	Deleted         bool            `json:"deleted"`
	IsShared        bool            `json:"is_shared"`
	CreationMode    string          `json:"creation_mode"`
	Tags            json.RawMessage `json:"tags"`
	CreatedBy       json.RawMessage `json:"created_by"`
	CreatedAt       time.Time       `json:"created_at"`
	LastAccessedAt  time.Time       `json:"last_accessed_at"`
	UserAccessLevel string          `json:"user_access_level"`
}

// Survey is a survey's definition; its answers are events named "survey sent". https://posthog.com/docs/api/surveys
type Survey struct {
	ID                    string          `json:"id" tap:"key"`
	Name                  string          `json:"name"`
	Description           string          `json:"description"`
	Type                  string          `json:"type"`
	Schedule              string          `json:"schedule"`
	LinkedFlag            json.RawMessage `json:"linked_flag"`
	LinkedFlagID          int64           `json:"linked_flag_id"`
	TargetingFlag         json.RawMessage `json:"targeting_flag"`
	InternalTargetingFlag json.RawMessage `json:"internal_targeting_flag"`
	FeatureFlagKeys       json.RawMessage `json:"feature_flag_keys"`
	Questions             json.RawMessage `json:"questions"`
	Conditions            json.RawMessage `json:"conditions"`
	Appearance            json.RawMessage `json:"appearance"`
	StartDate             time.Time       `json:"start_date"`
	EndDate               time.Time       `json:"end_date"`
	Archived              bool            `json:"archived"`
	ResponsesLimit        int64           `json:"responses_limit"`
	EnablePartial         bool            `json:"enable_partial_responses"`
	CreatedBy             json.RawMessage `json:"created_by"`
	CreatedAt             time.Time       `json:"created_at"`
	UserAccessLevel       string          `json:"user_access_level"`
}

// GroupType is one of a project's kinds of groups, at most five. https://posthog.com/docs/api/groups-types
type GroupType struct {
	Index           int64           `json:"group_type_index" tap:"key"`
	Type            string          `json:"group_type"`
	NameSingular    string          `json:"name_singular"`
	NamePlural      string          `json:"name_plural"`
	DetailDashboard int64           `json:"detail_dashboard"`
	DefaultColumns  json.RawMessage `json:"default_columns"`
	CreatedAt       time.Time       `json:"created_at"`
}

// Group is one group of a type. https://posthog.com/docs/api/groups
type Group struct {
	TypeIndex  int64           `json:"group_type_index" tap:"key"`
	Key        string          `json:"group_key" tap:"key"`
	Properties json.RawMessage `json:"group_properties"`
	CreatedAt  time.Time       `json:"created_at"`
}

// Recording says when and where a session was recorded, and not what. https://posthog.com/docs/api/session-recordings
type Recording struct {
	ID                string          `json:"id" tap:"key"`
	DistinctID        string          `json:"distinct_id"`
	StartTime         time.Time       `json:"start_time" tap:"cursor"`
	EndTime           time.Time       `json:"end_time"`
	RecordingDuration float64         `json:"recording_duration"` // seconds
	ActiveSeconds     float64         `json:"active_seconds"`
	InactiveSeconds   float64         `json:"inactive_seconds"`
	ClickCount        int64           `json:"click_count"`
	KeypressCount     int64           `json:"keypress_count"`
	MouseActivity     int64           `json:"mouse_activity_count"`
	ConsoleLogCount   int64           `json:"console_log_count"`
	ConsoleWarnCount  int64           `json:"console_warn_count"`
	ConsoleErrorCount int64           `json:"console_error_count"`
	StartURL          string          `json:"start_url"`
	Person            json.RawMessage `json:"person"`
	Viewed            bool            `json:"viewed"`
	Viewers           json.RawMessage `json:"viewers"`
	Storage           string          `json:"storage"`
	RetentionDays     int64           `json:"retention_period_days"`
	ExpiryTime        time.Time       `json:"expiry_time"`
	RecordingTTL      json.RawMessage `json:"recording_ttl"`
	SnapshotSource    string          `json:"snapshot_source"`
	Ongoing           bool            `json:"ongoing"`
	ActivityScore     float64         `json:"activity_score"`
}

// EventDefinition is an event name that PostHog has seen. https://posthog.com/docs/api/event-definitions
type EventDefinition struct {
	ID            string          `json:"id" tap:"key"`
	Name          string          `json:"name"`
	Description   string          `json:"description"`
	Tags          json.RawMessage `json:"tags"`
	Owner         json.RawMessage `json:"owner"`
	Verified      bool            `json:"verified"`
	Hidden        bool            `json:"hidden"`
	CreatedAt     time.Time       `json:"created_at"`
	LastSeenAt    time.Time       `json:"last_seen_at"`
	LastUpdatedAt time.Time       `json:"last_updated_at"`
}

// PropertyDefinition is a property of events, persons, groups or sessions. definition_type says of which.
// https://posthog.com/docs/api/property-definitions
type PropertyDefinition struct {
	ID             string          `json:"id" tap:"key"`
	DefinitionType string          `json:"definition_type"` // event, person, group, session; the tap adds it
	Name           string          `json:"name"`
	Description    string          `json:"description"`
	PropertyType   string          `json:"property_type"`
	IsNumerical    bool            `json:"is_numerical"`
	Tags           json.RawMessage `json:"tags"`
	Verified       bool            `json:"verified"`
	Hidden         bool            `json:"hidden"`
	UpdatedAt      time.Time       `json:"updated_at"`
}

// Project is one of the projects that are read. Its tokens are left out unless a catalog selects them.
// https://posthog.com/docs/api/projects
type Project struct {
	ID                 int64           `json:"id" tap:"key"`
	UUID               string          `json:"uuid"`
	Organization       string          `json:"organization"`
	Name               string          `json:"name"`
	Timezone           string          `json:"timezone"`
	IsDemo             bool            `json:"is_demo"`
	IngestedEvent      bool            `json:"ingested_event"`
	CompletedSnippet   bool            `json:"completed_snippet_onboarding"`
	CompletedOnboarded json.RawMessage `json:"has_completed_onboarding_for"`
	AccessControl      bool            `json:"access_control"`
	APIToken           string          `json:"api_token" tap:"unselected"`
	SecretToken        string          `json:"secret_api_token" tap:"unselected"`
	SecretTokenBackup  string          `json:"secret_api_token_backup" tap:"unselected"`
}
