package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
)

// A ledger is a stream's bookmark: which files are done, where reading stands inside the one that is not, and the types that
// the columns have by now. It is a pure state machine; the clock and the listing come from outside.
//
// The failures it prevents:
//
//   - An object's modification time is when its upload began, so a file can appear long after others with a later time.
//     Nothing is judged by a single "newest" time: every file above the floor is looked up one by one.
//   - Two files of one second, or one file rewritten within a second, differ in key or change token.
//   - A file that failed is kept in retry and so read again, whatever happens to the floor.
//   - The floor never goes back, so that a longer lookback in a later run cannot bring back files whose entries are gone.
//
// Its size is bounded: 12 characters a file of the last days, at most ledgerLimit files unless one hour alone has more.
type ledger struct {
	// floor: files modified before it are done, except those in retry.
	floor time.Time
	// watermark: every file modified before it was done or in retry when the ledger was last settled. For people; floor decides.
	watermark time.Time
	done      map[fileID]doneFile
	retry     map[fileID]bool
	partial   *partialFile
	columns   []column
	// scope names the files that the stream was about, and start is the earliest day of them: see admit.
	scope string
	start time.Time
}

// fileID and changeToken are cut from SHA-256. Two keys that share an ID (one chance in five million among ten thousand files)
// still differ in their token, so that the second is taken for a rewritten file and read.
type (
	fileID      [6]byte
	changeToken [3]byte
)

type doneFile struct {
	token changeToken
	hour  int64 // of the modification time, hours since 1970
}

// A partialFile says where reading goes on inside a file, or inside a member of an archive.
type partialFile struct {
	Key      string         `json:"key"`
	Token    string         `json:"token"` // of the version that was being read
	Member   string         `json:"member,omitempty"`
	Dialect  csv.Dialect    `json:"dialect"`
	Header   []string       `json:"header"`
	Position csv.Position   `json:"position"`
	Resume   objects.Resume `json:"resume"` // at or before Position, in the stored bytes; zero for a packed file
}

const (
	ledgerLimit = 100_000
	// settle is how long a modification time may lie in the future of our clock, or a file in that of a server's other node.
	settle = 2 * time.Minute
)

func idOf(key string) (id fileID) {
	sum := sha256.Sum256([]byte(key))
	copy(id[:], sum[:])
	return id
}

// tokenOf names a version of an object: by its ETag, otherwise by size and modification time.
func tokenOf(o objects.Object) string {
	if o.ETag != "" {
		return o.ETag
	}
	return strconv.FormatInt(o.Size, 10) + "@" + o.Modified.UTC().Format(time.RFC3339)
}

func shortToken(token string) (short changeToken) {
	sum := sha256.Sum256([]byte(token))
	copy(short[:], sum[:])
	return short
}

// admit is told which files the stream is about in this run. When that may be more than before, the floor says nothing of the
// others, and so falls: every file is looked at again, and what is below the old floor is read again. It tells whether that
// is so.
func (l *ledger) admit(scope string, start time.Time) (widened bool) {
	widened = l.scope != "" && (l.scope != scope || start.Before(l.start)) && !l.floor.IsZero()
	if widened {
		l.floor, l.watermark = time.Time{}, time.Time{}
	}
	l.scope, l.start = scope, start
	return widened
}

// A verdict is what the ledger knows of a listed file.
type verdict uint8

const (
	fileDone verdict = iota
	fileNew
	fileRewritten // read before, as another version
)

func (l *ledger) judge(o objects.Object) verdict {
	id := idOf(o.Key)
	known, seen := l.done[id]
	switch {
	case seen && known.token == shortToken(tokenOf(o)):
		return fileDone
	case seen:
		return fileRewritten
	case l.holds(o), !o.Modified.Before(l.floor):
		return fileNew
	}
	return fileDone
}

// holds tells whether the ledger has an entry of its own for the file, in any version.
func (l *ledger) holds(o objects.Object) bool {
	id := idOf(o.Key)
	_, done := l.done[id]
	return done || l.retry[id] || l.partial != nil && l.partial.Key == o.Key
}

// finish marks this version of the file as done.
func (l *ledger) finish(o objects.Object) {
	id := idOf(o.Key)
	if l.done == nil {
		l.done = map[fileID]doneFile{}
	}
	l.done[id] = doneFile{shortToken(tokenOf(o)), hourOf(o.Modified)}
	delete(l.retry, id)
	l.leave(o)
}

// postpone leaves the file for the next run. What an earlier version's entry said stays true.
func (l *ledger) postpone(o objects.Object) {
	if l.retry == nil {
		l.retry = map[fileID]bool{}
	}
	l.retry[idOf(o.Key)] = true
	l.leave(o)
}

// forget drops a file that is no longer there.
func (l *ledger) forget(o objects.Object) {
	delete(l.retry, idOf(o.Key))
	l.leave(o)
}

// leave drops the place inside the file.
func (l *ledger) leave(o objects.Object) {
	if l.partial != nil && l.partial.Key == o.Key {
		l.partial = nil
	}
}

// settleUp moves the watermark and the floor. waiting is the oldest modification time among the files that this run has not
// reached yet (zero: none), newest the latest among those it has; started is when the run began, before it listed anything.
// dropped tells how many entries the limit cost; each of those files is below the new floor, so none is read again.
func (l *ledger) settleUp(started, waiting, newest time.Time, lookback time.Duration) (dropped int) {
	mark := started.Add(-settle)
	if newest.Before(mark) {
		mark = newest
	}
	if !waiting.IsZero() && waiting.Before(mark) {
		mark = waiting
	}
	if mark.After(l.watermark) {
		l.watermark = mark
	}
	if floor := l.watermark.Add(-lookback); floor.After(l.floor) {
		l.floor = floor
	}
	before := hourOf(l.floor)
	maps.DeleteFunc(l.done, func(_ fileID, f doneFile) bool { return f.hour < before })
	for len(l.done) > ledgerLimit {
		oldest := hourOf(l.watermark)
		for _, f := range l.done {
			oldest = min(oldest, f.hour)
		}
		if oldest >= hourOf(l.watermark) {
			break
		}
		l.floor = time.Unix((oldest+1)*3600, 0).UTC()
		size := len(l.done)
		maps.DeleteFunc(l.done, func(_ fileID, f doneFile) bool { return f.hour <= oldest })
		dropped += size - len(l.done)
	}
	return dropped
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// String says where the ledger stands, for the summary of a run.
func (l *ledger) String() string {
	text := fmt.Sprintf("%d files remembered", len(l.done))
	if !l.watermark.IsZero() {
		text += ", all done up to " + l.watermark.Format(time.RFC3339)
	}
	if len(l.retry) > 0 {
		text += fmt.Sprintf(", %d to try again", len(l.retry))
	}
	if l.partial != nil {
		text += fmt.Sprintf(", inside %s at row %d", l.partial.Key, l.partial.Position.Row)
	}
	return text
}

// ledgerJSON is the bookmark's form. Files are grouped by the hour of their modification time; a group is the base64 of its
// entries of 9 bytes, sorted, and so the same ledger always gives the same text.
type ledgerJSON struct {
	Version   int               `json:"version"`
	Watermark time.Time         `json:"watermark,omitzero"`
	Floor     time.Time         `json:"floor,omitzero"`
	Files     map[string]string `json:"files,omitempty"`
	Retry     string            `json:"retry,omitempty"`
	Partial   *partialFile      `json:"partial,omitempty"`
	Columns   []column          `json:"columns,omitempty"`
	Scope     string            `json:"scope,omitempty"`
	Start     time.Time         `json:"start,omitzero"`
}

const (
	ledgerVersion = 1
	hourLayout    = "2006-01-02T15"
	entrySize     = len(fileID{}) + len(changeToken{})
)

func (l *ledger) MarshalJSON() ([]byte, error) {
	entries := map[int64][][]byte{}
	for id, f := range l.done {
		entries[f.hour] = append(entries[f.hour], append(id[:], f.token[:]...))
	}
	files := make(map[string]string, len(entries))
	for hour, group := range entries {
		files[time.Unix(hour*3600, 0).UTC().Format(hourLayout)] = encodeEntries(group)
	}
	var retry [][]byte
	for id := range l.retry {
		retry = append(retry, slices.Clone(id[:]))
	}
	return json.Marshal(ledgerJSON{
		Version: ledgerVersion, Watermark: l.watermark, Floor: l.floor, Files: files, Retry: encodeEntries(retry),
		Partial: l.partial, Columns: l.columns, Scope: l.scope, Start: l.start,
	})
}

func (l *ledger) UnmarshalJSON(text []byte) error {
	var form ledgerJSON
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	if form.Version != ledgerVersion {
		return fmt.Errorf("version %d of the bookmark is not known to this program (it knows %d)", form.Version, ledgerVersion)
	}
	*l = ledger{
		floor: form.Floor, watermark: form.Watermark, partial: form.Partial, columns: form.Columns, scope: form.Scope, start: form.Start,
		done: map[fileID]doneFile{}, retry: map[fileID]bool{},
	}
	for hour, text := range form.Files {
		at, err := time.Parse(hourLayout, hour)
		if err != nil {
			return fmt.Errorf("files: %q is not an hour", hour)
		}
		entries, err := decodeEntries(text, entrySize)
		if err != nil {
			return fmt.Errorf("files of %s: %w", hour, err)
		}
		for entry := range slices.Chunk(entries, entrySize) {
			var id fileID
			f := doneFile{hour: hourOf(at)}
			copy(f.token[:], entry[copy(id[:], entry):])
			l.done[id] = f
		}
	}
	ids, err := decodeEntries(form.Retry, len(fileID{}))
	if err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	for entry := range slices.Chunk(ids, len(fileID{})) {
		l.retry[fileID(entry)] = true
	}
	return nil
}

func encodeEntries(entries [][]byte) string {
	slices.SortFunc(entries, slices.Compare)
	return base64.RawStdEncoding.EncodeToString(slices.Concat(entries...))
}

func decodeEntries(text string, size int) ([]byte, error) {
	entries, err := base64.RawStdEncoding.DecodeString(text)
	if err == nil && len(entries)%size != 0 {
		err = fmt.Errorf("%d bytes are no whole number of entries", len(entries))
	}
	return entries, err
}
