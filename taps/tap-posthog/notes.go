package main

// notes end the documentation page.
const notes = `
## Streams

| Stream | Disposition | Key | Scope of the key | Read |
|---|---|---|---|---|
| ` + "`events`" + ` | append | ` + "`uuid`" + ` | ` + "`query:read`" + ` | what is new |
| ` + "`session_recordings`" + ` | merge | ` + "`id`" + ` | ` + "`session_recording:read`" + ` | what is new, and the last day again |
| ` + "`feature_flags`, `experiments`, `cohorts`, `annotations`, `actions`, `insights`, `dashboards`, `surveys`" + ` | replace | ` + "`id`" + ` | ` + "`feature_flag:read`" + ` and so on | all of it |
| ` + "`experiment_saved_metrics`, `experiment_holdouts`, `event_definitions`, `property_definitions`" + ` | replace | ` + "`id`" + ` | ` + "`experiment_saved_metric:read`, `experiment:read`, `event_definition:read`, `property_definition:read`" + ` | all of it |
| ` + "`persons`" + ` | replace | ` + "`uuid`" + ` | ` + "`person:read`" + ` | all of it |
| ` + "`group_types`, `groups`" + ` | replace | ` + "`group_type_index`, `group_key`" + ` | ` + "`group:read`" + ` | all of it |
| ` + "`projects`" + ` | replace | ` + "`id`" + ` | ` + "`project:read`" + ` | all of it |

Every row has its ` + "`project_id`" + `. Where project_id names not exactly one project, it stands in front of the key too: projects may share the uuids that
senders choose, and each shows the annotations of its organization. A stream for which the key lacks the scope ends with exit code 2 while the
others are read; leave it out with ` + "`select`" + `.

Archived flags and experiments come too. PostHog never lists what was deleted: a replace stream removes it. Tokens of projects are left out
unless a catalog selects them, and so are the payloads of flags that PostHog stores encrypted.

## Events

Each event comes once, in the order of its time, whatever the number that shares an instant. PostHog is first asked how many events there are; a page
is not believed to be the last one before as many have come, and a stream that stays short ends with exit code 3. A run that is cut goes on
behind the last event that the target has. ` + "`properties`" + ` are an object with every digit as it was sent; ` + "`person_properties`, `person_mode`, `window_id`" + ` and
` + "`group_0`" + ` to ` + "`group_4`" + ` come when a catalog selects them, and what is not selected is not asked for, which spares the budget of bytes that PostHog allows.

An event belongs to the moment that its sender's clock says, and may arrive later. With the settings as they are none is lost that arrives up to a week after
its time (` + "`max_lateness`" + `): each run also asks for what has arrived since the last one with a time that was read before, by ` + "`created_at`" + `, and sends just that;
10 minutes are allowed for an event to become visible. ` + "`lookback`" + ` reads the last hour again all the same, and the target adds what is new. ` + "`cursor_field: created_at`" + `
goes by the time of arrival alone. Files of ` + "`events_mode: file_download`" + ` are by arrival as well, in whole days; they need the scopes
` + "`batch_export:write`" + ` and ` + "`batch_export:read`" + `. The old list (` + "`rest`" + `) has neither ` + "`person_id`" + ` nor ` + "`created_at`" + `, and at most 1,200,000 events an hour.

Limits are kept: 240 queries a minute and 2,400 an hour, and two at a time of the three that PostHog allows a project; one a minute while its answers say that hardly a byte of
the budget is left. Queries that take too long become smaller by themselves.

## What was verified

The tap is tested against a server written from [the API's documentation](https://posthog.com/docs/api), that of [queries](https://posthog.com/docs/api/queries),
[HogQL](https://posthog.com/docs/hogql) and [file downloads](https://posthog.com/docs/data-pipelines/file-download-exports), and from [PostHog's source](https://github.com/PostHog/posthog);
not against PostHog itself. Nothing of that says for certain: how long an ordinary limit makes one wait (it is read from the answer's words),
in which shape recordings are paged (links and cursors are both followed), by which time exactly files are cut, what is left of events whose
properties PostHog keeps for 60 days, and whether a key that is restricted to some projects may list them (set ` + "`project_id`" + `).
`
