package values

// A Policy is one row of the table of how unusual values are treated.
type Policy struct {
	Value  string // what comes in
	Column string // the types of column that the rule is for
	Result string // what is stored, or the reason why it is not
}

// Policies is the whole of the treatment of unusual values, for the documentation.
func Policies() []Policy { return nil }
