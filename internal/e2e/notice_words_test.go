package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestNoticeWords: what an office reads of each thing that may be wrong is in
// its own language and words, and says what to do.
func TestNoticeWords(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]map[string]string{
		"en": {
			"1001 - Jansen/! NOT SENT - a file is too large":               "too large for Bloxs: scan.bin 30 KB Bloxs takes files of up to 20 KB. Scan it again",
			"1002 - El Amrani/! NOT SENT - a file is empty":                "There is nothing in one file, so there is nothing to send to Bloxs. empty.pdf Scan or save it again",
			"1003/! NOT SENT - Bloxs does not take a file":                 "Bloxs does not take this file: macro.xlsm Unsupported: File: This type is not allowed Look what Bloxs says",
			"1004 - Visser/! NOT SENT - the name does not fit number 1004": "under another name than “Visser”. letter.txt Is the number wrong? Rename the folder",
			"12_34/! NOT SENT - Bloxs does not know number 12_34":          "does not know number 12_34. x.txt Is the number wrong?",
			"New folder/! NOT SENT - no person's folder":                   "lost.txt Move what stands here into the folder of its person. Such a folder is called, for example: 1234 - Jansen Or give",
			"! NOT SENT - no person's folder":                              "loose.txt Move what stands here",
		},
		"nl": {
			"1001 - Jansen/! NIET VERZONDEN - een bestand is te groot":           "te groot voor Bloxs: scan.bin 30 kB Bloxs neemt bestanden aan tot 20 kB. Scan het opnieuw",
			"1002 - El Amrani/! NIET VERZONDEN - een bestand is leeg":            "In één bestand staat niets, dus valt er niets naar Bloxs te verzenden. empty.pdf Scan het opnieuw",
			"1003/! NIET VERZONDEN - Bloxs neemt een bestand niet aan":           "Bloxs neemt dit bestand niet aan: macro.xlsm Unsupported: File: This type is not allowed Kijk wat Bloxs",
			"1004 - Visser/! NIET VERZONDEN - de naam past niet bij nummer 1004": "onder een andere naam dan ‘Visser’. letter.txt Klopt het nummer niet?",
			"12_34/! NIET VERZONDEN - Bloxs kent nummer 12_34 niet":              "Bloxs kent nummer 12_34 niet. x.txt Klopt het nummer niet?",
			"New folder/! NIET VERZONDEN - geen map van een relatie":             "lost.txt Verplaats wat hier staat naar de map van de relatie. Zo'n map heet bijvoorbeeld: 1234 - Jansen Of geef",
			"! NIET VERZONDEN - geen map van een relatie":                        "loose.txt Verplaats wat hier staat",
		},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, staff(), append(told(lang), "[upload]", "[upload]\nmax_size = \"20 KB\"")...)
			o.bloxs.Uploads.For("1003", bloxstest.Problem(415, "Unsupported.", map[string][]string{"File": {"This type is not allowed"}}))
			o.write("1001 - Jansen/scan.bin", strings.Repeat("x", 30_000))
			hourAgo := time.Now().Add(-time.Hour)
			o.must(os.Chtimes(o.write("1002 - El Amrani/empty.pdf", ""), hourAgo, hourAgo))
			o.write("1003/macro.xlsm", "x")
			o.write("1004 - Visser/letter.txt", "x")
			o.write("12_34/x.txt", "x")
			o.write("New folder/lost.txt", "x")
			o.write("loose.txt", "x")
			o.start()
			o.eventually("told of all", func() bool { return len(o.notices()) == len(want) })
			all := o.notices()
			for rel, says := range want {
				text := strings.Join(strings.Fields(all[rel+".bloxdrop.txt"]), " ")
				if !strings.Contains(text, says) || !strings.Contains(text, "Anna, extension 12") || strings.Contains(text, "415") || strings.Contains(text, "traceId") {
					t.Errorf("%s says %q, want %q in it", rel, text, says)
				}
			}
			o.page("1004 - Visser", "New folder")
			o.stop()
		})
	}
}
