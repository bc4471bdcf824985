package web

import (
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// chart is delivered files over time, as bars. The drawing stretches to the
// width of the page, so what is written stands beside it.
type chart struct {
	ID, Title string
	Bars      []bar
	Most      int
	Sum       int
	Says      string   // all of it in a sentence
	Labels    []string // below, evenly spread
	Head      string   // of the table's first column
}

type bar struct {
	X, Y, Height int // in hundredths of a bar's room, and of the chart's height
	N            int
	Label        string
	Now          bool // not over yet
}

func charts(w *words.Words, hours []control.Hour, now time.Time) []chart {
	return []chart{byHour(w, hours, now), byDay(w, hours, now)}
}

// byHour shows the last 24 hours, the one that is running included.
func byHour(w *words.Words, hours []control.Hour, now time.Time) chart {
	c := chart{ID: "chart-hours", Title: w.Say("chart.hours"), Head: w.Say("chart.hour")}
	first := now.Truncate(time.Hour).Add(-23 * time.Hour)
	counts := map[int64]int{}
	for _, h := range hours {
		counts[h.At.Unix()] = h.Files
	}
	for i := range 24 {
		at := first.Add(time.Duration(i) * time.Hour)
		c.Bars = append(c.Bars, bar{N: counts[at.Unix()], Label: at.Local().Format("15:04"), Now: i == 23})
		if i%6 == 0 {
			c.Labels = append(c.Labels, at.Local().Format("15:04"))
		}
	}
	c.Labels = append(c.Labels, w.Say("chart.now"))
	return c.drawn(w, "chart.hours.says")
}

// byDay shows the last days by this machine's calendar.
func byDay(w *words.Words, hours []control.Hour, now time.Time) chart {
	c := chart{ID: "chart-days", Title: w.Say("chart.days", chartDays), Head: w.Say("chart.day")}
	counts := map[time.Time]int{}
	for _, h := range hours {
		counts[startOfDay(h.At)] += h.Files
	}
	today := startOfDay(now)
	for i := range chartDays {
		at := startOfDay(today.AddDate(0, 0, 1+i-chartDays))
		c.Bars = append(c.Bars, bar{N: counts[at], Label: w.Weekday(at) + " " + w.Day(at, now), Now: i == chartDays-1})
		if i%10 == 0 {
			c.Labels = append(c.Labels, w.ShortDay(at))
		}
	}
	c.Labels = append(c.Labels, w.Say("chart.today"))
	return c.drawn(w, "chart.days.says")
}

const (
	barRoom    = 100
	chartHigh  = 1000
	smallestOf = 12 // so that one file beside a thousand is seen
)

func (c chart) drawn(w *words.Words, says string) chart {
	best := 0
	for i, b := range c.Bars {
		c.Sum += b.N
		if b.N > c.Most {
			c.Most, best = b.N, i
		}
	}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.X = i * barRoom
		if b.N > 0 {
			b.Height = max(b.N*chartHigh/c.Most, smallestOf)
		}
		b.Y = chartHigh - b.Height
	}
	if c.Sum == 0 {
		c.Says = w.Say("chart.none")
		return c
	}
	c.Says = w.Say(says, c.Sum, c.Bars[best].Label, w.Number(c.Most))
	return c
}

// Wide is the width of the drawing.
func (c chart) Wide() int { return len(c.Bars) * barRoom }
