package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-colorable"
	"github.com/mattn/go-runewidth"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bloxdrop/internal/app"
)

const (
	barEvery  = 250 * time.Millisecond // how often the bar is drawn on a terminal
	lineEvery = 30 * time.Second       // how often a line is logged elsewhere
	barWidth  = 20
	barScale  = 1000             // the bar's parts, since the number of files may still grow
	rateAfter = 10 * time.Second // the files of fewer seconds say little
)

// progress shows how far a run has come: as a bar below the log on a terminal,
// which the log's lines go through, and as a line in the log now and then
// elsewhere.
type progress struct {
	out      io.Writer
	terminal *os.File // nil: there is none
	bars     bool     // it can show them
	now      func() time.Time

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: none is shown
	began time.Time                // of the first file
}

// newProgress shows nothing yet.
func newProgress(out io.Writer, now func() time.Time) *progress {
	p := &progress{out: out, now: now}
	if f, ok := out.(*os.File); ok && isTerminal(f) {
		p.terminal, p.bars, p.out = f, os.Getenv("TERM") != "dumb", colorable.NewColorable(f)
	}
	return p
}

// Write takes lines of the log, and leaves the bar below them.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		return p.out.Write(b)
	}
	_ = p.bar.Clear() // a terminal that takes no bar takes no line either
	n, err := p.out.Write(b)
	_ = p.bar.RenderBlank()
	return n, err
}

// follow shows the progress that ask tells of until end is called.
func (p *progress) follow(ask func() (app.Progress, error), perMinute int, log *slog.Logger) (end func()) {
	every := lineEvery
	if p.bars {
		every = barEvery
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				p.clear()
				return
			case <-tick.C:
			}
			a, err := ask()
			switch {
			case err != nil: // the run itself says what is wrong
			case p.bars:
				p.draw(a, perMinute)
			default:
				log.Info("on the way", "sent", a.Sent.Files, "bytes", a.Sent.Bytes, "left", a.Left, "held", a.Held, "settling", a.Settling,
					"per_minute", int(p.rate(a)), "time_left", p.timeLeft(a, perMinute))
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func (p *progress) draw(a app.Progress, perMinute int) {
	text := p.text(a, perMinute)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(barScale, progressbar.OptionSetWriter(p.out), progressbar.OptionSetWidth(barWidth),
			progressbar.OptionUseANSICodes(true), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetRenderBlankState(false),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}))
	}
	part := int64(0)
	if all := a.Sent.Files + a.Left; all > 0 {
		part = min(int64(a.Sent.Files)*barScale/int64(all), barScale-1) // a full bar takes no more
	}
	width, _, _ := term.GetSize(int(p.terminal.Fd()))
	room := width - barWidth - len(" 100% []   ") - 1
	_ = p.bar.Set64(part)
	p.bar.Describe(runewidth.Truncate(text, max(room, 0), "..."))
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

// text is what the bar alone doesn't say, what matters most first.
func (p *progress) text(a app.Progress, perMinute int) string {
	all := a.Sent.Files + a.Left
	if all == 0 {
		return fmt.Sprintf("%s settling, %d held", howMany(a.Settling, "file"), a.Held)
	}
	parts := []string{fmt.Sprintf("%s of %s", humanize.Comma(int64(a.Sent.Files)), howMany(all, "file"))}
	if a.Paused != "" {
		parts = append(parts, "PAUSED: "+a.Paused)
	} else if left := p.timeLeft(a, perMinute); left != "" {
		parts = append(parts, left+" left")
	}
	parts = append(parts, humanize.IBytes(uint64(a.Sent.Bytes)))
	if rate := p.rate(a); rate >= 1 {
		parts = append(parts, fmt.Sprintf("%.0f a minute", rate))
	}
	if a.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held", a.Held))
	}
	if a.Settling > 0 {
		parts = append(parts, fmt.Sprintf("%d settling", a.Settling))
	}
	return strings.Join(parts, ", ")
}

// rate is in files a minute; 0: it can't be told yet.
func (p *progress) rate(a app.Progress) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if a.Sent.Files == 0 {
		return 0
	}
	if p.began.IsZero() {
		p.began = now
	}
	since := now.Sub(p.began)
	if since < rateAfter {
		return 0
	}
	return float64(a.Sent.Files) / since.Minutes()
}

// timeLeft is by the rate so far, and never less than the rate limit asks for.
func (p *progress) timeLeft(a app.Progress, perMinute int) string {
	rate := p.rate(a)
	if limit := float64(perMinute); limit > 0 && (rate == 0 || rate > limit) {
		rate = limit
	}
	if rate == 0 || a.Left == 0 {
		return ""
	}
	d := time.Duration(float64(a.Left) / rate * float64(time.Minute))
	switch {
	case d < time.Minute:
		return "under 1m"
	case d < time.Hour:
		return "about " + strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return "about " + strings.TrimSuffix(d.Round(5*time.Minute).String(), "0s")
}
