// Package posthogtest is PostHog's API as its documentation and source describe it, in one process, for tests. It refuses what they do
// not allow, and it misbehaves where they say that PostHog does: answers are cached and dates shifted to the project's zone unless a
// query says otherwise, too large a LIMIT is cut without a word, links to the next page name another host, archived rows are hidden,
// and a throttled request hears in words alone how long to wait.
package posthogtest
