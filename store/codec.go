package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"
)

// recordVersion is the first byte of every value in the ledger.
const recordVersion = 1

// errRecord says that a value of the ledger is not what was written.
var errRecord = errors.New("a record of the ledger is damaged")

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// encode writes a record as version, CBOR and CRC32C, since bbolt itself does
// not notice a flipped bit in a value.
func encode(v any) ([]byte, error) {
	body, err := cbor.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	b := make([]byte, 0, len(body)+5)
	b = append(b, recordVersion)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, castagnoli(b)), nil
}

// checkRecord tells whether b is whole, and returns its CBOR.
func checkRecord(b []byte) ([]byte, error) {
	if len(b) < 6 {
		return nil, errRecord
	}
	sum := len(b) - 4
	if binary.BigEndian.Uint32(b[sum:]) != castagnoli(b[:sum]) {
		return nil, errRecord
	}
	if b[0] != recordVersion {
		return nil, fmt.Errorf("%w: version %d", errRecord, b[0])
	}
	return b[1:sum], nil
}

// records reads CBOR. File names need not be UTF-8, so text is taken as it is.
var records = func() cbor.DecMode {
	mode, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		panic(err) // the options above are constant
	}
	return mode
}()

func decode(b []byte, v any) error {
	body, err := checkRecord(b)
	if err != nil {
		return err
	}
	if err := records.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	return nil
}
