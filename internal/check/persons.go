package check

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/config"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/uploader"
)

// answer is what a look-up of one person came to.
type answer struct {
	names []string
	o     queue.Outcome // its class is empty where the person was found
}

// persons asks Bloxs for the persons of folders, as many as the time allows;
// the first has been asked already.
func (c *checker) persons(ctx context.Context, client *bloxs.Client, people []person, names []string, err error) {
	limit := rate.Inf
	if n := c.Config.Bloxs.RequestsPerMinute; n > 0 {
		limit = rate.Every(time.Minute / time.Duration(3*n))
	}
	pace := rate.NewLimiter(limit, 1)
	bounded, cancel := context.WithTimeout(ctx, c.asked)
	defer cancel()
	seen := map[store.PersonKey]answer{}
	var wrong examples
	for i, p := range people {
		a, ok := seen[p.key]
		if !ok {
			if i > 0 {
				if pace.Wait(bounded) != nil {
					break
				}
				names, err = client.FindPerson(bounded, p.key.Relation, p.key.Kind, p.key.ID)
			}
			if bounded.Err() != nil {
				break
			}
			a = answer{names: names}
			if err != nil {
				a.o, _ = uploader.NotFound(err, p.key.Kind, p.key.ID)
			}
			if a.o.Class != "" && a.o.Class != queue.UnknownPerson {
				c.Say(Finding{Warning, "persons", fmt.Sprintf("they were asked for no further: %s", a.o.Detail), "run check again later"})
				break
			}
			seen[p.key] = a
		}
		c.compare(ctx, &wrong, p, a)
	}
	c.sumPersons(people, seen, &wrong)
}

// compare says where a folder's number or name can't be right.
func (c *checker) compare(ctx context.Context, wrong *examples, p person, a answer) {
	if a.o.Class == queue.UnknownPerson {
		wrong.add(Warning, "persons", "rename the folder, or add the "+bloxs.OneOf(p.key.Relation)+" in Bloxs; until then "+p.heldThere()+" as unknown-person",
			"%s: Bloxs knows no %s with %s %s", p.path, bloxs.OneOf(p.key.Relation), p.key.Kind, p.key.ID)
		return
	}
	if p.verify != config.VerifyName {
		return
	}
	text := uploader.Mismatch(p.name, p.key.ID, a.names)
	if text == "" || c.confirmed(ctx, p) {
		return
	}
	wrong.add(Warning, "persons", "rename the folder, if the number is wrong; until then "+p.heldThere()+" as name-mismatch, and `bloxdrop confirm` lets them go", "%s: %s", p.path, text)
}

// heldThere says what a wrong folder would hold up: files that are sent or held
// by now don't count.
func (p person) heldThere() string {
	if p.files == 0 {
		return "new files there are held"
	}
	return many(p.files, "file") + " there would be held"
}

// confirmed tells whether somebody has said that the folder's name is right.
func (c *checker) confirmed(ctx context.Context, p person) bool {
	if c.Desk != nil {
		ex, err := c.Desk.Explain(ctx, p.path)
		return err == nil && ex.Confirmed
	}
	if c.ledger == nil {
		return false
	}
	known, err := c.ledger.Person(p.key)
	return err == nil && slices.Contains(known.Confirmed, p.name)
}

func (c *checker) sumPersons(people []person, seen map[store.PersonKey]answer, wrong *examples) {
	r := &result{}
	wrong.report(r, "persons", "more such folder")
	for _, f := range r.findings {
		c.Say(f)
	}
	left := 0
	for _, p := range people {
		if _, ok := seen[p.key]; !ok {
			left++
		}
	}
	text := many(len(seen), "person") + " asked for"
	if left > 0 {
		text += fmt.Sprintf("; those of %s were not, for lack of time: bloxdrop asks before each one's first file", many(left, "more folder"))
	}
	if len(people) > 0 {
		c.ok("persons", "%s", text)
	}
}
