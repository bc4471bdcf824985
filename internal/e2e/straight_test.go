package e2e

import (
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

func TestStraightLine(t *testing.T) {
	o := newOffice(t, bloxstest.Options{})
	o.write("1001 - Jansen/lease.pdf", "%PDF-1.7 lease %%EOF")
	o.start()
	o.write("1001 - Jansen/payslip.txt", "payslip")
	o.write("1002/payslip.txt", "payslip")
	o.write("1002/copy.txt", "payslip")
	o.write("loose.txt", "whose?")
	o.write("1002/.hidden", "x")
	st := o.untilSent(3)
	o.addsUp(st)
	if n := len(o.bloxs.Stored()); n != 3 {
		t.Fatalf("%d stored", n)
	}
	t.Log(o.run("status"))
	o.kill()
	o.start()
	o.stop()
	t.Log(o.run("status"))
	t.Log(o.run("list"))
	t.Log(o.run("explain", o.root+"/1002/copy.txt"))
	t.Log(o.run("explain", o.root+"/loose.txt"))
	if n := len(o.bloxs.Stored()); n != 3 {
		t.Fatalf("%d stored", n)
	}
}
