package objects

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

func TestListGivesWhatTheServerHas(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	modified := time.Date(2025, 11, 3, 4, 5, 6, 0, time.UTC)
	server.PutPlain(bucketName, "daily/a.csv", []byte("abc"))
	server.PutPlain(bucketName, "daily/folder/", nil)
	server.Place(bucketName, "daily/placed.csv", []byte("12345"), modified)
	server.PutPlain(bucketName, "other.csv", []byte("x"))

	b := direct(t, server)
	all := listed(t, b, "daily/")
	var keys []string
	for _, object := range all {
		keys = append(keys, object.Key)
	}
	require.Equal(t, []string{"daily/a.csv", "daily/folder/", "daily/placed.csv"}, keys)
	require.Equal(t, "900150983cd24fb0d6963f7d28e17f72", all[0].ETag)
	require.EqualValues(t, 3, all[0].Size)
	require.WithinDuration(t, time.Now(), all[0].Modified, time.Minute)
	require.Empty(t, all[2].ETag)
	require.EqualValues(t, 5, all[2].Size)
	require.True(t, modified.Equal(all[2].Modified), all[2].Modified)
	require.False(t, all[2].Archived)

	require.Empty(t, listed(t, b, "nothing/"))
	require.NoError(t, b.Check(t.Context(), "daily/"))
}

func TestListPages(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for i := range 1205 {
		server.Place(bucketName, fmt.Sprintf("p/%04d.csv", i), []byte("x"), time.Unix(1e9, 0))
	}
	b, proxy := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{} })
	all := listed(t, b, "p/")
	require.Len(t, all, 1205)
	for i, object := range all {
		require.Equal(t, fmt.Sprintf("p/%04d.csv", i), object.Key)
	}
	require.Len(t, proxy.Requests(), 2)

	for range b.List(t.Context(), "p/") {
		break
	}
	require.Len(t, proxy.Requests(), 3, "a consumer that stops asks for no further page")
}

func TestListRefusesAnEndlessPage(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	b, proxy := through(t, server, func(int, *http.Request) s3test.Fault {
		return s3test.Fault{Status: 200, Body: `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>` +
			`<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`}
	})
	var err error
	var keys []string
	for object, e := range b.List(t.Context(), "") {
		if err = e; err == nil {
			keys = append(keys, object.Key)
		}
	}
	requireFault(t, err, protocol.Data, "narrower prefix")
	require.Equal(t, []string{"a", "a"}, keys)
	require.Len(t, proxy.Requests(), 2)
}

func TestOddKeys(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	keys := []string{"a b+c%20d#e?f&g=h.csv", "ümlaut/日本語/😀.csv", "a;b'c\"d<e>f.csv", "x/~!@$^*()_-.csv", `back\slash.csv`}
	for _, key := range keys {
		server.PutPlain(bucketName, key, []byte(key))
	}
	b := direct(t, server)
	all := listed(t, b, "")
	require.Len(t, all, len(keys))
	for _, object := range all {
		require.Contains(t, keys, object.Key)
		got, err := readAll(t, b, object, Resume{})
		require.NoError(t, err)
		require.Equal(t, object.Key, string(got))
	}
}

// A posix folder cannot hold these keys, so what counts is the path on the wire.
func TestKeysThatNoFolderHolds(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for key, path := range map[string]string{
		"/leading.csv":     "/exports//leading.csv",
		"a//b.csv":         "/exports/a//b.csv",
		"a/../b.csv":       "/exports/a/../b.csv",
		"./a.csv":          "/exports/./a.csv",
		"100%25/a+b c.csv": "/exports/100%2525/a%2Bb%20c.csv",
	} {
		b, proxy := through(t, server, func(int, *http.Request) s3test.Fault {
			return s3test.Fault{Status: 404, Body: "<Error><Code>NoSuchKey</Code></Error>"}
		})
		_, err := b.Read(t.Context(), Object{Key: key, Size: 1}, Resume{})
		require.ErrorIs(t, err, ErrVanished)
		require.Equal(t, []string{"GET " + path + "?x-id=GetObject"}, proxy.Requests())
	}
}

func TestArchived(t *testing.T) {
	t.Parallel()
	expiry := aws.Time(time.Unix(2e9, 0))
	tests := []struct {
		class   types.ObjectStorageClass
		restore *types.RestoreStatus
		want    bool
	}{
		{"", nil, false},
		{types.ObjectStorageClassGlacierIr, nil, false},
		{types.ObjectStorageClassIntelligentTiering, nil, false},
		{types.ObjectStorageClassGlacier, nil, true},
		{types.ObjectStorageClassDeepArchive, nil, true},
		{types.ObjectStorageClassGlacier, &types.RestoreStatus{IsRestoreInProgress: aws.Bool(true)}, true},
		{types.ObjectStorageClassGlacier, &types.RestoreStatus{IsRestoreInProgress: aws.Bool(false), RestoreExpiryDate: expiry}, false},
	}
	for _, test := range tests {
		got := newObject(&types.Object{Key: aws.String("k"), StorageClass: test.class, RestoreStatus: test.restore})
		require.Equal(t, test.want, got.Archived, "%v", test)
	}
	require.Empty(t, newObject(&types.Object{ETag: aws.String(`W/"abc"`)}).ETag)
	require.Equal(t, "abc-2", newObject(&types.Object{ETag: aws.String(`"abc-2"`)}).ETag)
}
