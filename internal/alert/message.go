package alert

import (
	"strconv"
	"strings"
)

// message puts news into words.
func (a *Alerts) message(n news) Message {
	w := a.opts.Words
	m := Message{Title: w.Say("alert.title", a.opts.Host)}
	if len(n.begun) == 0 {
		m.Title = w.Say("alert.title.over", a.opts.Host)
		if len(n.still) > 0 {
			m.Title = w.Say("alert.title.less", a.opts.Host)
		}
	}
	var b strings.Builder
	for _, t := range n.begun {
		b.WriteString("- " + a.says(t) + "\n")
	}
	section := func(head string, list []Trouble, says func(Trouble) string) {
		if len(list) == 0 {
			return
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(head + "\n")
		for _, t := range list {
			b.WriteString("- " + says(t) + "\n")
		}
	}
	section(w.Say("alert.over"), n.over, a.name)
	section(w.Say("alert.still"), n.still, a.says)
	if len(n.begun)+len(n.still) > 0 {
		b.WriteString("\n" + w.Say("alert.look") + "\n")
	}
	m.Text = b.String()
	return m
}

// says is a trouble in a sentence or two.
func (a *Alerts) says(t Trouble) string {
	w := a.opts.Words
	if t.Kind == Paused {
		return w.Say("pause."+t.What) + ". " + w.Say("pause."+t.What+".do")
	}
	since := w.At(t.Since, a.opts.Now())
	switch t.Kind {
	case Waiting:
		return w.Say("alert.waiting", t.Count, since)
	case Held:
		return w.Say("alert.held", t.Count, w.Say("held."+t.What), since)
	case Offline:
		return w.Say("alert.offline", strconv.Itoa(t.Root), since)
	case Unreadable:
		return w.Say("alert.unreadable", t.Count, strconv.Itoa(t.Root))
	}
	return w.Say("alert.settling", t.Count)
}

// name is a trouble in a few words.
func (a *Alerts) name(t Trouble) string {
	w := a.opts.Words
	switch t.Kind {
	case Paused:
		return w.Say("pause." + t.What)
	case Held:
		return w.Say("held." + t.What)
	case Offline, Unreadable:
		return w.Say("alert.name."+string(t.Kind), strconv.Itoa(t.Root))
	}
	return w.Say("alert.name." + string(t.Kind))
}

// Test is what `check --send-alert` sends.
func Test(o Options) Message {
	return Message{Title: o.Words.Say("alert.title.test", o.Host), Text: o.Words.Say("alert.test") + "\n"}
}
