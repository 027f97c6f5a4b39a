package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A configFile is one --config FILE, flat: the raw value of each setting it gives.
type configFile struct {
	path    string
	values  map[int]fileValue          // by position in the table
	foreign map[string]json.RawMessage // of each foreign setting, nil for one that it does not give
	unknown []string                   // keys that no setting has
}

type fileValue struct {
	key string // as the file spells it: the name or an alias
	raw json.RawMessage
}

func (f configFile) knows(key string) bool {
	_, ok := f.foreign[key]
	return ok
}

// readFile reads one config file. Problems are reported as whole lines, which name the file.
func (t *table) readFile(p *Program, path string, report func(format string, args ...any)) configFile {
	file := configFile{path: path, values: map[int]fileValue{}, foreign: map[string]json.RawMessage{}}
	for _, f := range p.Foreign {
		file.foreign[f.Key] = nil
	}
	at := path
	if p.Dir != "" && !filepath.IsAbs(path) {
		at = filepath.Join(p.Dir, path)
	}
	text, err := os.ReadFile(at)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		report("config file %s: %v", path, err)
		return file
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(bytes.TrimSpace(text)) == 0 {
		report("config file %s: it is empty; expected a JSON object", path)
		return file
	}
	object, names, err := readObject(text)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line, column := position(text, syntax.Offset)
		report("config file %s: not valid JSON at line %d, column %d", path, line, column)
	case err != nil || object == nil:
		report("config file %s: expected a JSON object", path)
	default:
		t.flatten(&file, "", object, names, report)
	}
	return file
}

// flatten sorts the members of an object into settings. Nested objects and dotted names are the same: Meltano writes
// both, as its version will have it.
func (t *table) flatten(file *configFile, prefix string, object map[string]json.RawMessage, names []string, report func(string, ...any)) {
	for _, name := range names {
		key, raw := prefix+name, bytes.TrimSpace(object[name])
		if t.blocks[key] {
			if string(raw) == "null" {
				continue
			}
			nested, nestedNames, err := readObject(raw)
			if err != nil {
				report("config file %s: %s: expected an object", file.path, key)
				continue
			}
			t.flatten(file, key+".", nested, nestedNames, report)
			continue
		}
		if whole, _, _ := strings.Cut(key, "."); file.knows(whole) {
			file.foreign[whole] = raw // of several members any one will do
			continue
		}
		i, ok := t.byKey[key]
		if !ok {
			file.unknown = append(file.unknown, key)
			continue
		}
		if string(raw) == "null" || string(raw) == `""` && t.settings[i].kind != textKind {
			continue
		}
		if first, twice := file.values[i]; twice && !bytes.Equal(first.raw, raw) {
			report("config file %s: keys %q and %q are the same setting; keep one of them", file.path, first.key, key)
			continue
		}
		file.values[i] = fileValue{key: key, raw: raw}
	}
}

// refuseUnknown reports the keys that no setting has.
func (f configFile) refuseUnknown(t *table, report func(string, ...any)) {
	for _, key := range f.unknown {
		hint := didYouMean(key, t.keys())
		if hint == "" {
			hint = "; --help lists every setting"
		}
		report("config file %s: unknown key %q%s", f.path, key, hint)
	}
}

// keys are all names that a config file may use, blocks apart.
func (t *table) keys() []string {
	keys := make([]string, 0, len(t.byKey))
	for key := range t.byKey {
		if !t.settings[t.byKey[key]].hidden {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// position is where the byte before offset stands, from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
