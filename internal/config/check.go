package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"bloxdrop/internal/alert"
	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/layout"
)

// check goes through the filled config.
func (c *checker) check(config *Config) {
	c.checkBloxs(&config.Bloxs)
	if len(config.Watch) == 0 && !c.bad("watch") {
		c.problem("", "nothing is watched; write a [[watch]] with the path of the folder that people drop files into")
	}
	for i := range config.Watch {
		c.checkWatch(fmt.Sprintf("watch[%d]", i+1), &config.Watch[i])
	}
	c.checkUpload(&config.Upload)
	if config.Store.Dir == "" {
		c.missing("store", "dir", "name a folder on a local disk, such as %q", exampleOf("store.dir"))
	} else {
		c.path("store.dir", &config.Store.Dir)
	}
	c.optionalPath("log.file", &config.Log.File)
	c.checkApart(config)
	c.listen(&config.Web)
	c.oneOf("notices.language", config.Notices.Language, "en", "nl")
	if strings.ContainsFunc(config.Notices.Contact, unicode.IsControl) {
		c.problem("notices.contact", "it holds a line break or another control character; write it on one line")
	}
	for i, u := range config.Alerts.URLs {
		key := fmt.Sprintf("alerts.urls[%d]", i+1)
		if c.bad(key) {
			continue
		}
		if !strings.Contains(u.Reveal(), "://") {
			c.problem(key, `this is not a shoutrrr URL; write the service, "://" and its details, such as "smtp://..."`)
		} else if err := alert.Check(u.Reveal()); err != nil {
			c.problem(key, "no alert could be sent to this URL: %v", err)
		}
	}
	c.oneOf("log.level", config.Log.Level, "debug", "info", "warn", "error")
	c.oneOf("log.format", config.Log.Format, "auto", "text", "json")
}

func (c *checker) checkBloxs(b *Bloxs) {
	if b.URL == "" {
		c.missing("bloxs", "url", `write the address at which you open Bloxs, such as "https://yourcompany.bloxs.io"`)
	} else if _, err := environment(b.URL); err != nil {
		c.problem("bloxs.url", "%v", err)
	}
	if b.RequestsPerMinute < 0 {
		c.problem("bloxs.requests_per_minute", "%d is less than nothing; write 1 or more, or 0 for no limit", b.RequestsPerMinute)
	}
	c.certificates(b)
	c.proxy(b)
}

func (c *checker) checkWatch(key string, w *Watch) {
	root := "the folder"
	if w.Path == "" {
		c.missing(key, "path", "name the folder that people drop files into, such as %q", exampleOf("path"))
	} else if c.path(key+".path", &w.Path) {
		root = w.Path
	}
	if w.Existing == "" {
		c.missing(key, "existing", `say %q to send what is in %s already, or %q to leave it`, ExistingUpload, root, ExistingSkip)
	} else {
		c.oneOf(key+".existing", w.Existing, ExistingUpload, ExistingSkip)
	}
	c.checkLayout(key+".layout", w)
	c.oneOf(key+".relation", w.Relation, relations()...)
	c.oneOf(key+".verify", w.Verify, VerifyName, VerifyExists, VerifyOff)
	c.oneOf(key+".after_upload", w.AfterUpload, AfterKeep, AfterMove, AfterDelete)
	c.positive(key+".settle", w.Settle)
	c.positive(key+".rescan", w.Rescan)
	for i, pattern := range w.Ignore {
		at := fmt.Sprintf("%s.ignore[%d]", key, i+1)
		if pattern == "" && !c.bad(at) {
			c.problem(at, "an empty pattern matches nothing; remove it")
		}
		if !doublestar.ValidatePattern(pattern) {
			c.problem(at, `%q is not a pattern; "*" is any text, "?" any character, and each "[" or "{" needs its "]" or "}"`, pattern)
		}
	}
}

func (c *checker) checkLayout(key string, w *Watch) {
	if c.bad(key) {
		return
	}
	pattern, err := layout.Parse(w.Layout)
	var wrong *layout.Error
	if errors.As(err, &wrong) {
		c.problem(key, "%v", wrong)
		return
	}
	w.Pattern = pattern
}

func (c *checker) checkUpload(u *Upload) {
	if (u.Workers < 1 || u.Workers > 64) && !c.bad("upload.workers") {
		c.problem("upload.workers", "%d is out of range; write a number from 1 to 64", u.Workers)
	}
	c.oneOf("upload.on_uncertain", u.OnUncertain, UncertainHold, UncertainResend)
	c.positive("upload.retry_min", u.RetryMin)
	c.positive("upload.retry_max", u.RetryMax)
	c.positive("upload.stall_timeout", u.StallTimeout)
	c.positive("upload.answer_timeout", u.AnswerTimeout)
	if u.MaxSize == 0 && !c.bad("upload.max_size") {
		c.problem("upload.max_size", `no file would be small enough; write a size such as "28 MiB"`)
	}
	if u.RetryMin > u.RetryMax && !c.bad("upload.retry_min", "upload.retry_max") {
		key := "upload.retry_max"
		if _, set := c.at[key]; !set {
			key = "upload.retry_min"
		}
		c.problem(key, "retry_min is %s and retry_max %s; the first pause can't be longer than the longest", u.RetryMin, u.RetryMax)
	}
}

// relations are the words that relation takes.
func relations() []string {
	var words []string
	for _, r := range bloxs.Relations() {
		words = append(words, r.Word)
	}
	return words
}

// oneOf holds that a key has one of its words.
func (c *checker) oneOf(key, value string, words ...string) {
	if slices.Contains(words, value) || c.bad(key) {
		return
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	c.problem(key, "%q is not known; write %s", value, strings.Join(quoted, " or "))
}

func (c *checker) positive(key string, d Duration) {
	if d == 0 && !c.bad(key) {
		c.problem(key, `"0s" would leave no time at all; write a longer one, such as "10s"`)
	}
}
