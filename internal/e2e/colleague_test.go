package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// colleague works in the folders while the program is done to: she drops files
// of all sizes, edits, copies, renames, moves and deletes some, and keeps books.
type colleague struct {
	o      *office
	random *rand.Rand
	root   string   // in which files stay, as she sees it
	roots  []string // all of them
	books  books
	live   map[string]delivery // by path below the first root
	n      uint64
}

func newColleague(o *office, seed uint64, more ...string) *colleague {
	return &colleague{o: o, random: rand.New(rand.NewPCG(seed, 5)), root: o.root, roots: append([]string{o.root}, more...), books: newBooks(), live: map[string]delivery{}}
}

func (c *colleague) person() string { return fmt.Sprint(1000 + c.random.IntN(20)) }

// content is new each time, mostly small, now and then above 1 MB, where Bloxs is asked first.
func (c *colleague) content() []byte {
	c.n++
	size := 1 + c.random.IntN(60_000)
	if c.random.IntN(25) == 0 {
		size = 1<<20 + c.random.IntN(1<<20)
	}
	return append(noise(c.n<<8, size), fmt.Sprint(" document ", c.n)...)
}

// drop puts a whole file in place in one step, as most programs save.
func (c *colleague) drop(root, rel string, content []byte) {
	path := filepath.Join(root, filepath.FromSlash(rel))
	temp := filepath.Join(root, ".dropping") // ignored
	put(c.o, temp, string(content))
	c.o.must(os.MkdirAll(filepath.Dir(path), 0o755))
	c.o.rename(temp, path)
	person, _, _ := strings.Cut(rel, "/")
	d := delivery{person, sum(content)}
	c.books.whole[d] = true
	if root == c.root {
		c.live[rel] = d
	} else {
		c.books.due[d] = true // nobody but the program touches those
	}
}

// work drops some files, and does one thing or the other to those that are there.
func (c *colleague) work(files int) {
	for range files {
		root := c.roots[c.random.IntN(len(c.roots))]
		c.drop(root, fmt.Sprintf("%s/%d/scan %d.bin", c.person(), c.n%3, c.n), c.content())
	}
	for rel, d := range c.live {
		c.touch(rel, d)
		break // one, of no order
	}
}

func (c *colleague) touch(rel string, d delivery) {
	from := filepath.Join(c.root, filepath.FromSlash(rel))
	c.n++
	to := fmt.Sprintf("%s/again %d.bin", d.person, c.n)
	path := filepath.Join(c.root, filepath.FromSlash(to))
	switch c.random.IntN(5) {
	case 0: // edited
		c.drop(c.root, rel, c.content())
	case 1: // copied
		content, err := os.ReadFile(from)
		c.o.must(err)
		c.drop(c.root, to, content)
	case 2: // renamed
		c.o.rename(from, path)
		delete(c.live, rel)
		c.live[to] = d
	case 3: // given to somebody else
		d.person = c.person()
		to = fmt.Sprintf("%s/for somebody else %d.bin", d.person, c.n)
		path = filepath.Join(c.root, filepath.FromSlash(to))
		c.o.must(os.MkdirAll(filepath.Dir(path), 0o755))
		c.o.rename(from, path)
		delete(c.live, rel)
		c.live[to], c.books.whole[d] = d, true
	case 4:
		c.o.remove(from)
		delete(c.live, rel)
	}
}

// moves tells her where the files are for her from now on.
func (c *colleague) moves(root string) { c.root, c.roots = root, []string{root} }

// account closes the books: what is there now is due.
func (c *colleague) account() books {
	for _, d := range c.live {
		c.books.owe(d)
	}
	return c.books
}
