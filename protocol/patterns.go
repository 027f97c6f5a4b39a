package protocol

// Patterns select streams and fields as Meltano's do: `stream`, `stream.field`, `stream.field.nested`, shell globs in each;
// `!` in front excludes and wins; `\.` is a dot that belongs to a name. If every pattern excludes, all else is included.
type Patterns struct{}

// ParsePatterns reads patterns. A broken one is a Config fault.
func ParsePatterns(patterns []string) (*Patterns, error) { return &Patterns{}, nil }

// Stream tells whether anything of a stream is included.
func (p *Patterns) Stream(name string) bool { return true }

// Field tells whether a field, or a field of a field, is included. No patterns include everything.
func (p *Patterns) Field(stream string, path ...string) bool { return true }

// Apply sets the `selected` of every stream and top-level field of a catalog to what the patterns say.
func (p *Patterns) Apply(c *Catalog) error { return nil }

// Glob matches a shell pattern of *, ?, [a-z] and [!a-z], in which * matches every character.
func Glob(pattern, name string) bool { return true }
