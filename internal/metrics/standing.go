package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// standing shows a Sight. It takes one for each time that it is asked.
type standing struct {
	opts Options

	items, files, paused                         *prometheus.Desc
	oldestWaiting, oldestHeld, oldestSettling    *prometheus.Desc
	budget, turns                                *prometheus.Desc
	ledger, journal, syncs, answered             *prometheus.Desc
	online, events, rescan, byRescan, unreadable *prometheus.Desc
}

func newStanding(o Options) *standing {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("bloxdrop_"+name, help, labels, nil)
	}
	return &standing{
		opts:  o,
		items: d("items", "Items, by state. Held ones need somebody; sent counts receipts ever.", "state"),
		files: d("files", "Files that are no items, by what they are: settling, unmatched or ignored.", "kind"),

		paused: d("paused", "1 while sending is paused for this cause.", "cause"),

		oldestWaiting:  d("oldest_waiting_age_seconds", "How long ago the oldest waiting item was first seen; 0 where none waits."),
		oldestHeld:     d("oldest_held_age_seconds", "How long the oldest held item has been held; 0 where none is."),
		oldestSettling: d("oldest_settling_age_seconds", "How long the oldest file has been settling; 0 where none is."),

		budget: d("rate_budget_limit", "Uploads a minute that bloxs.requests_per_minute allows; 0: no limit."),
		turns:  d("rate_budget_used_total", "Uploads that took a turn of that budget."),

		ledger:   d("ledger_size_bytes", "Size of ledger.db."),
		journal:  d("journal_size_bytes", "Size of journal.jsonl."),
		syncs:    d("journal_syncs_total", "How often the journal was made durable."),
		answered: d("standing_timestamp_seconds", "When ledger and queue last said how everything stands, as these metrics show it."),

		online:     d("root_online", "1 while the root can be read; root is its number in config.toml, from 1.", "root"),
		events:     d("root_events", "1 while the root's file system tells of changes, so that rescans are early.", "root"),
		rescan:     d("root_last_rescan_timestamp_seconds", "When the root was last looked through; 0: not yet.", "root"),
		byRescan:   d("root_found_by_rescan_only_total", "Files of which no event told, only a rescan.", "root"),
		unreadable: d("root_unreadable_folders", "Folders of the root that can't be listed.", "root"),
	}
}

// Describe is prometheus.Collector's.
func (s *standing) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.items, s.files, s.paused, s.oldestWaiting, s.oldestHeld, s.oldestSettling, s.budget, s.turns,
		s.ledger, s.journal, s.syncs, s.answered, s.online, s.events, s.rescan, s.byRescan, s.unreadable,
	} {
		ch <- d
	}
}

// Collect is prometheus.Collector's. What nobody knows yet is left out.
func (s *standing) Collect(ch chan<- prometheus.Metric) {
	sight := s.opts.Look()
	if sight.At.IsZero() {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for state, n := range sight.Items {
		gauge(s.items, float64(n), state)
	}
	for kind, n := range sight.Files {
		gauge(s.files, float64(n), kind)
	}
	for _, cause := range s.opts.Causes {
		gauge(s.paused, number(sight.Pauses[cause]), cause)
	}
	now := s.opts.Now()
	gauge(s.oldestWaiting, age(now, sight.OldestWaiting))
	gauge(s.oldestHeld, age(now, sight.OldestHeld))
	gauge(s.oldestSettling, age(now, sight.OldestSettling))
	gauge(s.budget, float64(sight.Budget))
	counter(s.turns, sight.Turns)
	gauge(s.ledger, float64(sight.LedgerBytes))
	gauge(s.journal, float64(sight.JournalBytes))
	counter(s.syncs, sight.JournalSyncs)
	gauge(s.answered, stamp(sight.At))
	for i, r := range sight.Roots {
		root := strconv.Itoa(i + 1)
		gauge(s.online, number(r.Online), root)
		gauge(s.events, number(r.Events), root)
		gauge(s.rescan, stamp(r.LastRescan), root)
		counter(s.byRescan, int64(r.FoundByRescanOnly), root)
		gauge(s.unreadable, float64(r.Unreadable), root)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(now.Sub(since).Seconds(), 0)
}

func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
