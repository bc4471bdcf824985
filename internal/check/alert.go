package check

import (
	"fmt"

	"bloxdrop/internal/alert"
	"bloxdrop/internal/app"
)

// sendAlert sends a test message to each of alerts.urls.
func (c *checker) sendAlert() {
	o := app.AlertOptions(app.Options{Config: c.Config})
	if len(o.URLs) == 0 {
		c.Say(Finding{Error, "alerts.urls", "no alert can be sent, since none is given", "write one, as config.example.toml shows"})
	}
	for i, url := range o.URLs {
		about := fmt.Sprintf("alerts.urls[%d]", i+1)
		if err := alert.Check(url); err != nil {
			continue // the config's finding tells
		}
		if err := alert.Send(url, alert.Test(o)); err != nil {
			c.Say(Finding{Error, about, fmt.Sprintf("%s did not take the test message: %v", alert.Service(url), err), "see that its address, port and password are right, and that this computer can reach it"})
			continue
		}
		c.ok(about, "%s took the test message; see that it arrives", alert.Service(url))
	}
}
