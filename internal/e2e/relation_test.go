package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestOrganisations watches a root of persons and one of organisations. The
// same number in both is two recipients, each asked for at its own address.
func TestOrganisations(t *testing.T) {
	t.Parallel()
	opts := staff()
	opts.Organisations = bloxstest.Directory(map[string]bloxstest.Person{"1001": {Name: "Bakkerij Smit B.V."}, "2001": {Name: "Stichting De Key"}})
	o := newOffice(t, opts)
	bodies := filepath.Join(o.dir, "organisations")
	o.configure("[upload]", fmt.Sprintf("[[watch]]\npath = %q\nexisting = \"upload\"\nrelation = \"organisations\"\nsettle = %q\nrescan = \"1s\"\n\n[upload]", bodies, settle))
	o.write("1001 - Jansen/invoice.pdf", "%PDF-1.7 the same %%EOF")
	o.write("../organisations/1001 - Bakkerij Smit/invoice.pdf", "%PDF-1.7 the same %%EOF")
	o.write("../organisations/2001 - Stichting Woonzorg/contract.pdf", "%PDF-1.7 contract %%EOF")
	o.write("../organisations/1002 - El Amrani/passport.pdf", "%PDF-1.7 passport %%EOF") // a person, no organisation
	o.start()
	o.untilSent(2)
	to := map[string]int{}
	for _, f := range o.bloxs.Stored() {
		to[f.Relation+" "+f.Person+" "+f.Name]++
	}
	if len(to) != 2 || to["persons 1001 invoice.pdf"] != 1 || to["organisations 1001 invoice.pdf"] != 1 {
		t.Errorf("stored: %v", to)
	}
	if all := o.listed("--person", "1001"); len(all) != 2 || all[0].Relation == all[1].Relation || all[0].Person != "1001" {
		t.Errorf("of 1001: %+v", all)
	}
	if held := o.listed("--person", "1002", "--state", "held"); len(held) != 1 || held[0].Relation != "organisations" {
		t.Errorf("of 1002: %+v", held)
	}
	if csv := o.run("list", "--person", "1001", "--csv"); strings.Count(csv, "\n") != 3 || !strings.Contains(csv, "sent,organisations,1001,"+bodies) {
		t.Errorf("%q", csv)
	}
	o.explained(filepath.Join(bodies, "2001 - Stichting Woonzorg", "contract.pdf"), "held: name-mismatch", `organisation 2001 is "Stichting De Key"`)
	o.explained(filepath.Join(bodies, "1002 - El Amrani", "passport.pdf"), "held: unknown-person", "add the organisation in Bloxs")
	o.explained(filepath.Join(bodies, "1001 - Bakkerij Smit", "invoice.pdf"), "for organisation 1001")
}
