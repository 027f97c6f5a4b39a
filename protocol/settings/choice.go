package settings

// A Choice is a flag that may be given with or without a word, for the program's own grammar: --test and --test=schema.
// It is empty when the flag is absent and "true" when it is bare.
type Choice string
