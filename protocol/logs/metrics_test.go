package logs

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		o := open(&out, map[string]string{"LOGLEVEL": "debug"})
		m := o.StartMetrics()
		orders := m.Records("orders")
		m.Records("empty")
		orders.Add(10)
		require.Same(t, orders, m.Records("orders"))
		<-time.After(61 * time.Second)
		orders.Add(5)
		<-time.After(2 * time.Minute)
		orders.Add(1)
		m.RequestDuration("orders", "/v1/orders", 200, 250*time.Millisecond)
		m.RequestDuration("orders", "/v1/orders", 0, time.Second)
		m.SyncDuration("orders", 2*time.Minute, errors.New("lost"))
		m.BatchDuration("orders", 1500*time.Millisecond, nil)
		m.Close()
		require.Equal(t, `INFO METRIC: {"type":"counter","metric":"record_count","value":10,"tags":{"stream":"orders","pid":7}}
INFO METRIC: {"type":"counter","metric":"record_count","value":5,"tags":{"stream":"orders","pid":7}}
DEBUG METRIC: {"type":"timer","metric":"http_request_duration","value":0.25,"tags":{"stream":"orders","pid":7,"endpoint":"/v1/orders","http_status_code":200,"status":"succeeded"}}
DEBUG METRIC: {"type":"timer","metric":"http_request_duration","value":1,"tags":{"stream":"orders","pid":7,"endpoint":"/v1/orders","status":"failed"}}
INFO METRIC: {"type":"timer","metric":"sync_duration","value":120,"tags":{"stream":"orders","pid":7,"status":"failed"}}
INFO METRIC: {"type":"timer","metric":"batch_processing_time","value":1.5,"tags":{"stream":"orders","pid":7,"status":"succeeded"}}
INFO METRIC: {"type":"counter","metric":"record_count","value":1,"tags":{"stream":"orders","pid":7}}
INFO METRIC: {"type":"counter","metric":"record_count","value":0,"tags":{"stream":"empty","pid":7}}
`, out.String())
	})
}

func TestMetricsBelowTheLevelAreNotWritten(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := open(&out, nil).StartMetrics()
	m.RequestDuration("orders", "/", 200, time.Second)
	m.Close()
	require.Empty(t, out.String())
}

func BenchmarkCounter(b *testing.B) {
	m := open(&strings.Builder{}, nil).StartMetrics()
	defer m.Close()
	c := m.Records("orders")
	for b.Loop() {
		c.Add(1)
	}
}
