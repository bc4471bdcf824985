// Package metrics tells monitoring in numbers how it goes, in the form that
// Prometheus reads.
//
// It promises names and units as they are usual there, that all names begin
// with bloxdrop_, those of Go and the process too, and that to be asked costs a
// few numbers that are kept anyway and waits for no disk, share or Bloxs longer
// than its source does.
//
// It must never put a person, a document or a path into a label: a root is
// known by its number in config.toml. And it must never keep an upload waiting.
package metrics

import (
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options is what Metrics needs from outside.
type Options struct {
	Version string
	Classes []string // of outcomes, all that there are
	Causes  []string // of pauses, all that there are
	Now     func() time.Time
	// Look tells how everything stands. It must answer soon, if need be with
	// what it knew a while ago.
	Look func() Sight
}

// Sight is how everything stands at one moment.
type Sight struct {
	At     time.Time // when ledger and queue told so; zero: they never have
	Items  map[string]int
	Files  map[string]int // those that are no items, by what they are
	Pauses map[string]bool
	Roots  []Root // in the order of config.toml

	OldestWaiting  time.Time // zero: none
	OldestHeld     time.Time
	OldestSettling time.Time

	Budget int // uploads a minute; 0: no limit
	Turns  int64

	LedgerBytes  int64
	JournalBytes int64
	JournalSyncs int64
}

// Root is how one root stands.
type Root struct {
	Online            bool
	Events            bool
	LastRescan        time.Time
	FoundByRescanOnly int
	Unreadable        int
}

// Metrics counts what happens and shows how it stands.
type Metrics struct {
	registry *prometheus.Registry
	attempts *prometheus.CounterVec
	took     prometheus.Histogram
	size     prometheus.Histogram
	alerts   *prometheus.CounterVec
}

// New makes a registry of its own.
func New(o Options) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bloxdrop_attempts_total", Help: "Attempts to deliver a file, by what each came to.",
		}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bloxdrop_upload_duration_seconds", Help: "How long delivered files were on their way, from the request to the file ID.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 180, 600},
		}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bloxdrop_upload_size_bytes", Help: "Size of delivered files.",
			Buckets: []float64{1 << 10, 1 << 14, 1 << 17, 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 23, 1 << 24, 1 << 25},
		}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bloxdrop_alert_messages_total", Help: "Alert messages, by whether the service behind alerts.urls took them.",
		}, []string{"result"}),
	}
	for _, class := range o.Classes {
		m.attempts.WithLabelValues(label(class))
	}
	for _, result := range []string{sent, failed} {
		m.alerts.WithLabelValues(result)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bloxdrop_build_info", Help: "Always 1; the labels say which bloxdrop runs.",
		ConstLabels: prometheus.Labels{"version": o.Version, "goversion": runtime.Version(), "os": runtime.GOOS},
	})
	build.Set(1)
	m.registry.MustRegister(m.attempts, m.took, m.size, m.alerts, build, newStanding(o))
	prometheus.WrapRegistererWithPrefix("bloxdrop_", m.registry).MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// label is a word as labels have it.
func label(word string) string { return strings.ReplaceAll(word, " ", "-") }

// Tried counts an attempt. A delivered file was took on its way.
func (m *Metrics) Tried(class string, delivered bool, size int64, took time.Duration) {
	m.attempts.WithLabelValues(label(class)).Inc()
	if delivered {
		m.took.Observe(took.Seconds())
		m.size.Observe(float64(size))
	}
}

const (
	sent   = "sent"
	failed = "failed"
)

// Alerted counts an alert message, and whether it was taken.
func (m *Metrics) Alerted(taken bool) {
	result := failed
	if taken {
		result = sent
	}
	m.alerts.WithLabelValues(result).Inc()
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
