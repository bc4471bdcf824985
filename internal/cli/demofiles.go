package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// sample is one document of the demo.
type sample struct {
	rel, what string
	content   []byte
}

func (s sample) digest() string {
	sum := sha256.Sum256(s.content)
	return hex.EncodeToString(sum[:])
}

func demoSamples() ([]sample, error) {
	photo, err := demoPhoto()
	if err != nil {
		return nil, err
	}
	return []sample{
		{"1001 - Jansen/Lease 2026.pdf", "a PDF", demoPDF("Lease, Dorpsstraat 1, from 1 December 2026")},
		{"1002 - El Amrani/Passport.jpg", "a JPEG", photo},
		{"1001 - Jansen/Key handover.txt", "a text file", []byte("Two front door keys, one for the letter box.\n")},
		{"1234 - Bakker/Payslip.pdf", "for a person whom Bloxs does not know", demoPDF("Payslip November 2026")},
		{"1003 - de Vries/Payslip.pdf", "Bloxs will have trouble with the first try", demoPDF("Payslip November 2026")},
	}, nil
}

// demoPDF is the smallest document that readers open: one page, one line.
func demoPDF(text string) []byte {
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	page := "BT /F1 18 Tf 72 770 Td (" + text + ") Tj ET"
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(page), page))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func demoPhoto() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			img.Set(x, y, color.RGBA{R: uint8(x * 255 / 320), G: uint8(y * 255 / 200), B: 140, A: 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, nil)
	return b.Bytes(), err
}
