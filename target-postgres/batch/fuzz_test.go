package batch

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// FuzzParquet reads any file as Parquet: it ends, by lines of JSON or by an error.
func FuzzParquet(f *testing.F) {
	schema := parquet.Group{"id": parquet.Int(64), "tags": parquet.List(parquet.String()), "at": parquet.Optional(parquet.Timestamp(parquet.Microsecond))}
	var file strings.Builder
	w := parquet.NewGenericWriter[any](&file, parquet.NewSchema("orders", schema))
	_, err := w.Write([]any{map[string]any{"id": int64(1), "tags": []any{"a"}}})
	require.NoError(f, err)
	require.NoError(f, w.Close())
	f.Add([]byte(file.String()))
	f.Add([]byte("PAR1"))
	f.Add([]byte("PAR1\xf0\xff\xff\xffPAR1")) // a footer of 4 GiB
	stream, err := protocol.NewStream("orders", []byte(`{"properties":{"id":{"type":"integer"}}}`), nil, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text []byte) {
		stored, err := os.Open(write(t, t.TempDir(), "a.parquet", text))
		require.NoError(t, err)
		defer stored.Close()
		r, err := openRows(stored, stream)
		if err != nil {
			return
		}
		buffer, line := make([]byte, 4096), []byte(nil)
		for size := 0; size < 1<<20; {
			n, err := r.Read(buffer)
			size += n
			line = append(line, buffer[:n]...)
			if err != nil {
				break
			}
		}
		if first, _, whole := strings.Cut(string(line), "\n"); whole {
			require.True(t, json.Valid([]byte(strings.NewReplacer("NaN", "0", "-Infinity", "0", "Infinity", "0").Replace(first))), first)
		}
	})
}
