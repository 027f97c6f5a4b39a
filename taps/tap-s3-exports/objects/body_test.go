package objects

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

var placedAt = time.Date(2025, 11, 3, 4, 5, 6, 0, time.UTC)

// store puts body under every way in which a server may know its checksum, and gives the keys.
func store(server *s3test.Server, body []byte) map[string]byte {
	server.PutPlain(bucketName, "md5", body)
	server.PutChecked(bucketName, "crc32", body, types.ChecksumAlgorithmCrc32)
	server.PutChecked(bucketName, "crc32c", body, types.ChecksumAlgorithmCrc32c)
	server.PutChecked(bucketName, "crc64nvme", body, types.ChecksumAlgorithmCrc64nvme)
	server.PutChecked(bucketName, "sha1", body, types.ChecksumAlgorithmSha1)
	server.PutChecked(bucketName, "sha256", body, types.ChecksumAlgorithmSha256)
	server.Place(bucketName, "placed", body, placedAt)
	return map[string]byte{
		"md5": algorithmMD5, "crc32": algorithmCRC32, "crc32c": algorithmCRC32C, "crc64nvme": algorithmCRC64,
		"sha1": algorithmSHA1, "sha256": algorithmSHA256, "placed": 0,
	}
}

// hide are the headers that the test's server always sends and others do not.
var hide = map[string]map[string]string{"md5": {"X-Amz-Checksum-Crc64nvme": "", "X-Amz-Checksum-Type": ""}}

func TestReadVerifiesEveryChecksum(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := noise(100_000)
	keys := store(server, want)
	for key, algorithm := range keys {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			object := one(t, server, key)
			whole, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{Reply: hide[key]} })
			body, err := whole.Read(t.Context(), object, Resume{})
			require.NoError(t, err)
			defer body.Close()
			if algorithm == 0 {
				require.Nil(t, body.sum)
			} else {
				require.Equal(t, algorithm, body.sum.algorithm)
			}
			got, err := io.ReadAll(body)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))

			flip, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{FlipAt: 70_000, Reply: hide[key]} })
			got, err = readAll(t, flip, object, Resume{})
			require.Len(t, got, len(want))
			if algorithm == 0 {
				require.NoError(t, err, "nothing tells")
				return
			}
			require.ErrorIs(t, err, ErrCorrupt)
			requireFault(t, err, protocol.Data, "upload it anew")
		})
	}
}

func TestMultipartIsReadWithoutChecksum(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	first := noise(5 << 20)
	server.PutParts(bucketName, "parts", first, []byte("end"))
	object := one(t, server, "parts")
	require.Contains(t, object.ETag, "-2")
	body, err := direct(t, server).Read(t.Context(), object, Resume{})
	require.NoError(t, err)
	defer body.Close()
	require.Nil(t, body.sum)
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	require.True(t, bytes.Equal(append(first, "end"...), got))
}

func TestResumeInAnotherProcess(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := noise(1000)
	for key := range store(server, want) {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			object := one(t, server, key)
			for _, cut := range []int{1, 63, 64, 65, 500, 999, 1000} {
				first, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{Reply: hide[key]} })
				body, err := first.Read(t.Context(), object, Resume{})
				require.NoError(t, err)
				head := make([]byte, cut)
				_, err = io.ReadFull(body, head)
				require.NoError(t, err)
				state, err := json.Marshal(body.Resume())
				require.NoError(t, err)
				require.NoError(t, body.Close())

				var from Resume
				require.NoError(t, json.Unmarshal(state, &from))
				b, proxy := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{} })
				tail, err := readAll(t, b, object, from)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, append(head, tail...)), cut)
				if cut == len(want) {
					require.Empty(t, proxy.Requests())
				} else {
					require.Equal(t, []string{fmt.Sprintf("GET /exports/%s?x-id=GetObject bytes=%d-", key, cut)}, proxy.Requests())
				}
				if from.Hash == nil {
					require.Equal(t, "placed", key)
					continue
				}
				flip, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{FlipAt: 1} })
				if _, err := readAll(t, flip, object, from); cut < len(want) {
					require.ErrorIs(t, err, ErrCorrupt)
				}
			}
		})
	}
}

func TestDamagedResume(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "k", []byte("0123456789"))
	object := one(t, server, "k")
	b := direct(t, server)
	for _, hash := range []string{"x", "z", "z\x04", "z\x04abcd", "m\xff", "z\x10aaaaaaaaaaaaaaaaa"} {
		_, err := b.Read(t.Context(), object, Resume{Offset: 3, Hash: []byte(hash)})
		requireFault(t, err, protocol.Config, "start the file from its beginning")
	}
	_, err := b.Read(t.Context(), object, Resume{Offset: 11})
	require.ErrorIs(t, err, ErrChanged)
}

func TestBrokenConnectionsAreResumed(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := noise(200_000)
	server.Put(bucketName, "k", want)
	server.Place(bucketName, "placed", want, placedAt)

	breaks := map[string]func(n int, r *http.Request) s3test.Fault{
		"cut":       func(n int, _ *http.Request) s3test.Fault { return s3test.Fault{CutAfter: int64(n) * 9_001} },
		"cut early": func(int, *http.Request) s3test.Fault { return s3test.Fault{CutAfter: 10_000} },
		"stalled":   func(int, *http.Request) s3test.Fault { return s3test.Fault{StallAfter: 60_001} },
		"range ignored": func(n int, _ *http.Request) s3test.Fault {
			return s3test.Fault{CutAfter: int64(n) * 70_000, IgnoreRange: true}
		},
		"dropped": func(n int, _ *http.Request) s3test.Fault { return s3test.Fault{Drop: n%3 != 0, CutAfter: 50_000} },
		"slow down": func(n int, _ *http.Request) s3test.Fault {
			if n%4 != 0 {
				return s3test.Fault{Status: 503, Body: "<Error><Code>SlowDown</Code></Error>"}
			}
			return s3test.Fault{CutAfter: 80_000}
		},
		"too many requests": func(n int, _ *http.Request) s3test.Fault {
			if n == 1 {
				return s3test.Fault{Status: 429}
			}
			return s3test.Fault{}
		},
	}
	for name, decide := range breaks {
		for _, key := range []string{"k", "placed"} {
			t.Run(name+" "+key, func(t *testing.T) {
				t.Parallel()
				proxy := s3test.NewProxy(t, server, decide)
				settings := settingsOf(server, proxy.Endpoint)
				settings.RequestTimeout = 200 * time.Millisecond
				got, err := readAll(t, open(t, settings), one(t, server, key), Resume{})
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got))
				require.Greater(t, len(proxy.Requests()), 1)
			})
		}
	}
}

func TestResumeAtEveryCut(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := noise(64)
	server.PutPlain(bucketName, "k", want)
	object := one(t, server, "k")
	for cut := int64(1); cut < 64; cut++ {
		b, proxy := through(t, server, func(n int, _ *http.Request) s3test.Fault {
			if n == 1 {
				return s3test.Fault{CutAfter: cut}
			}
			return s3test.Fault{}
		})
		got, err := readAll(t, b, object, Resume{})
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, fmt.Sprintf("GET /exports/k?x-id=GetObject bytes=%d-", cut), proxy.Requests()[1])
	}
}

func TestGivesUpWithoutProgress(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "k", noise(1000))
	proxy := s3test.NewProxy(t, server, func(n int, _ *http.Request) s3test.Fault {
		return s3test.Fault{CutAfter: 100, IgnoreRange: true} // never behind the first 100
	})
	settings := settingsOf(server, proxy.Endpoint)
	settings.MaxRetries = 3
	got, err := readAll(t, open(t, settings), one(t, server, "k"), Resume{})
	require.Len(t, got, 100)
	requireFault(t, err, protocol.Transient, "try again later")
	require.Len(t, proxy.Requests(), 4)
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	proxy := s3test.NewProxy(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{Silent: true} })
	settings := settingsOf(server, proxy.Endpoint)
	settings.MaxRetries, settings.RequestTimeout = 2, 50*time.Millisecond
	err := open(t, settings).Check(t.Context(), "")
	requireFault(t, err, protocol.Transient, "try again later")
	require.ErrorContains(t, err, "no byte came for 50ms")
	require.Len(t, proxy.Requests(), 3)
}

func TestSlowConsumerIsNoSilence(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := noise(3 << 20)
	server.Put(bucketName, "k", want)
	proxy := s3test.NewProxy(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{} })
	settings := settingsOf(server, proxy.Endpoint)
	settings.RequestTimeout = 50 * time.Millisecond
	body, err := open(t, settings).Read(t.Context(), one(t, server, "k"), Resume{})
	require.NoError(t, err)
	defer body.Close()
	head := make([]byte, 10)
	_, err = io.ReadFull(body, head)
	require.NoError(t, err)
	<-time.After(150 * time.Millisecond)
	rest, err := io.ReadAll(body)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, append(head, rest...)))
	require.Len(t, proxy.Requests(), 1)
}

func TestReplacedWhileReading(t *testing.T) {
	t.Parallel()
	for _, placed := range []bool{false, true} {
		for name, replacement := range map[string][]byte{"same size": noise(2000)[1000:], "longer": noise(1001), "shorter": noise(10)} {
			t.Run(fmt.Sprintf("%s placed=%v", name, placed), func(t *testing.T) {
				t.Parallel()
				server := startServer(t)
				put := func(body []byte, at time.Time) {
					if placed {
						server.Place(bucketName, "k", body, at)
					} else {
						server.Put(bucketName, "k", body)
					}
				}
				put(noise(1000), placedAt)
				object := one(t, server, "k")
				b, _ := through(t, server, func(n int, _ *http.Request) s3test.Fault {
					if n == 1 {
						return s3test.Fault{CutAfter: 500}
					}
					put(replacement, placedAt.Add(time.Second))
					return s3test.Fault{}
				})
				got, err := readAll(t, b, object, Resume{})
				require.Equal(t, noise(1000)[:500], got)
				require.ErrorIs(t, err, ErrChanged)
				requireFault(t, err, protocol.Transient, "next run")

				_, err = direct(t, server).Read(t.Context(), object, Resume{})
				require.ErrorIs(t, err, ErrChanged, "before the first byte too")
			})
		}
	}
}

// A server that takes no notice of If-Match.
func TestUnconditionalServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "k", []byte("0123456789"))
	object := one(t, server, "k")
	for name, reply := range map[string]map[string]string{
		"another tag":   {"Etag": `"other"`},
		"another total": {"Etag": "", "Content-Range": "bytes 4-9/11"},
	} {
		b, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{Reply: reply} })
		_, err := b.Read(t.Context(), object, Resume{Offset: 4})
		require.ErrorIs(t, err, ErrChanged, name)
	}
	b, _ := through(t, server, func(int, *http.Request) s3test.Fault {
		return s3test.Fault{Reply: map[string]string{"Content-Range": "bytes 5-9/10"}}
	})
	_, err := b.Read(t.Context(), object, Resume{Offset: 4})
	requireFault(t, err, protocol.Data, "makers of the server")
}

func TestVanishedAndArchived(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "k", []byte("0123456789"))
	object := one(t, server, "k")
	server.Delete(bucketName, "k")
	_, err := direct(t, server).Read(t.Context(), object, Resume{})
	require.ErrorIs(t, err, ErrVanished)

	b, _ := through(t, server, func(int, *http.Request) s3test.Fault {
		return s3test.Fault{Status: 403, Body: "<Error><Code>InvalidObjectState</Code><Message>m</Message></Error>"}
	})
	_, err = b.Read(t.Context(), object, Resume{})
	require.ErrorIs(t, err, ErrArchived)
	requireFault(t, err, protocol.Data, "restore")
}

func TestEmptyObject(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "put", nil)
	server.Place(bucketName, "placed", nil, placedAt)
	for _, key := range []string{"put", "placed"} {
		got, err := readAll(t, direct(t, server), one(t, server, key), Resume{})
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestCancelledRead(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "k", noise(1000))
	b, proxy := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{StallAfter: 100} })
	ctx, cancel := context.WithCancel(t.Context())
	body, err := b.Read(ctx, one(t, server, "k"), Resume{})
	require.NoError(t, err)
	defer body.Close()
	_, err = io.ReadFull(body, make([]byte, 100))
	require.NoError(t, err)
	cancel()
	_, err = body.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, proxy.Requests(), 1)
	require.NoError(t, body.Close())
	_, err = body.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled, "an error stays")
}
