package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-colorable"
	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// screen is how a command's answer is shown: broken at the terminal's width
// and with colour where there is one, plain for all that reads it elsewhere.
type screen struct {
	out    io.Writer
	width  int // in cells; 0: lines are as long as they are
	height int // in lines
	colour bool
}

func newScreen(out io.Writer, getenv func(string) string) *screen {
	s := &screen{out: out}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.out = colorable.NewColorable(f) // for old Windows consoles
		s.width, s.height, _ = term.GetSize(int(f.Fd()))
		s.colour = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	return s
}

// The colours, by what they say.
const (
	good  = "32" // green
	mind  = "33" // yellow
	wrong = "31" // red
)

func (s *screen) paint(colour, text string) string {
	if !s.colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// row is one line of a table, before it is broken.
type row struct {
	name   string
	colour string // of the name
	texts  []string
}

// narrowest is how little room a last column may be left with.
const narrowest = 30

// table writes rows under each other, with the last text of each broken at
// words, so that it goes on below where it began.
func (s *screen) table(rows []row) error {
	var widths []int // of all but the last text of a row
	for _, r := range rows {
		for i, text := range append([]string{r.name}, r.texts[:len(r.texts)-1]...) {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(text))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		indent := widths[0] + 2
		b.WriteString(s.paint(r.colour, r.name) + pad(r.name, indent))
		for i, text := range r.texts[:len(r.texts)-1] {
			b.WriteString(text + pad(text, widths[i+1]+2))
			indent += widths[i+1] + 2
		}
		b.WriteString(s.broken(r.texts[len(r.texts)-1], indent) + "\n")
	}
	_, err := fmt.Fprint(s.out, b.String())
	return err
}

func pad(text string, width int) string {
	return strings.Repeat(" ", max(width-runewidth.StringWidth(text), 0))
}

// broken breaks a text at words, so that it fits right of the indent.
func (s *screen) broken(text string, indent int) string {
	if s.width == 0 || runewidth.StringWidth(text) <= s.width-indent {
		return text
	}
	var b strings.Builder
	if s.width-indent < narrowest { // better below than a tower of single words
		indent = 4
		b.WriteString("\n" + strings.Repeat(" ", indent))
	}
	used, room := 0, s.width-indent
	for word := range strings.SplitSeq(text, " ") {
		w := runewidth.StringWidth(word)
		switch {
		case used == 0:
		case used+1+w > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = 0
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used += w
	}
	return b.String()
}
