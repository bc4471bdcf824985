package words

import (
	"time"
)

func times() map[string]text {
	return map[string]text{
		"ago.now":     {"just now", "zojuist"},
		"ago.minutes": {"a minute ago|%d minutes ago", "een minuut geleden|%d minuten geleden"},
		"ago.hours":   {"an hour ago|%d hours ago", "een uur geleden|%d uur geleden"},
		"ago.days":    {"yesterday|%d days ago", "gisteren|%d dagen geleden"},

		"for.moment":  {"a moment", "even"},
		"for.seconds": {"%d second|%d seconds", "%d seconde|%d seconden"},
		"for.minutes": {"%d minute|%d minutes", "%d minuut|%d minuten"},
		"for.hours":   {"%d hour|%d hours", "%d uur|%d uur"},
		"for.days":    {"%d day|%d days", "%d dag|%d dagen"},

		"at.today":    {"at %s", "om %s"},
		"at.tomorrow": {"tomorrow at %s", "morgen om %s"},
		"at.day":      {"on %[2]s at %[1]s", "op %[2]s om %[1]s"},

		"day":      {"%[1]s %[2]s", "%[1]s %[2]s"},
		"day.year": {"%[1]s %[2]s %[3]s", "%[1]s %[2]s %[3]s"},
		"month.1":  {"January", "januari"}, "month.2": {"February", "februari"}, "month.3": {"March", "maart"},
		"month.4": {"April", "april"}, "month.5": {"May", "mei"}, "month.6": {"June", "juni"},
		"month.7": {"July", "juli"}, "month.8": {"August", "augustus"}, "month.9": {"September", "september"},
		"month.10": {"October", "oktober"}, "month.11": {"November", "november"}, "month.12": {"December", "december"},
		"mon.1": {"Jan", "jan"}, "mon.2": {"Feb", "feb"}, "mon.3": {"Mar", "mrt"}, "mon.4": {"Apr", "apr"}, "mon.5": {"May", "mei"}, "mon.6": {"Jun", "jun"},
		"mon.7": {"Jul", "jul"}, "mon.8": {"Aug", "aug"}, "mon.9": {"Sep", "sep"}, "mon.10": {"Oct", "okt"}, "mon.11": {"Nov", "nov"}, "mon.12": {"Dec", "dec"},
		"weekday.0": {"Sun", "zo"}, "weekday.1": {"Mon", "ma"}, "weekday.2": {"Tue", "di"}, "weekday.3": {"Wed", "wo"},
		"weekday.4": {"Thu", "do"}, "weekday.5": {"Fri", "vr"}, "weekday.6": {"Sat", "za"},

		"size.bytes": {"%d byte|%d bytes", "%d byte|%d bytes"},
		"size.kb":    {"%d KB", "%d kB"},
		"size.mb":    {"%.1f MB", "%.1f MB"},
		"size.gb":    {"%.1f GB", "%.1f GB"},
	}
}

const day = 24 * time.Hour

// Ago says how long ago something was.
func (w *Words) Ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.Say("ago.now")
	case d < time.Hour:
		return w.Say("ago.minutes", int(d.Minutes()))
	case d < day:
		return w.Say("ago.hours", int(d.Hours()))
	}
	return w.Say("ago.days", int(d.Hours())/24)
}

// For says how long something lasts, in its greatest unit.
func (w *Words) For(d time.Duration) string {
	switch {
	case d < time.Second:
		return w.Say("for.moment")
	case d < time.Minute:
		return w.Say("for.seconds", int(d.Seconds()))
	case d < time.Hour:
		return w.Say("for.minutes", int(d.Round(time.Minute).Minutes()))
	case d < 2*day:
		return w.Say("for.hours", int(d.Round(time.Hour).Hours()))
	}
	return w.Say("for.days", int(d.Round(day).Hours())/24)
}

// At says when something is, seen from now: "at 14:32", "tomorrow at 09:00".
func (w *Words) At(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	clock := t.Format("15:04")
	switch {
	case sameDay(t, now):
		return w.Say("at.today", clock)
	case sameDay(t, now.AddDate(0, 0, 1)):
		return w.Say("at.tomorrow", clock)
	}
	return w.Say("at.day", clock, w.Day(t, now))
}

// Day names the day of t, with its year where that isn't this one.
func (w *Words) Day(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	month := w.Say("month." + t.Format("1"))
	if t.Year() == now.Year() {
		return w.Say("day", t.Format("2"), month)
	}
	return w.Say("day.year", t.Format("2"), month, t.Format("2006"))
}

// ShortDay is Day in few letters, without its year.
func (w *Words) ShortDay(t time.Time) string {
	t = t.Local()
	return w.Say("day", t.Format("2"), w.Say("mon."+t.Format("1")))
}

// Weekday is the short name of the day of t.
func (w *Words) Weekday(t time.Time) string {
	return w.Say("weekday." + string(rune('0'+int(t.Local().Weekday()))))
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// Size says how large a file is.
func (w *Words) Size(n int64) string {
	switch {
	case n < 1000:
		return w.Say("size.bytes", n)
	case n < 1e6:
		return w.Say("size.kb", (n+500)/1000)
	case n < 1e9:
		return w.Say("size.mb", float64(n)/1e6)
	}
	return w.Say("size.gb", float64(n)/1e9)
}
