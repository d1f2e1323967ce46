package feed

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"productgenerator/models"
)

// MaxFileBytes is the largest file that is read, 20 MiB.
const MaxFileBytes = 20 << 20

// byteOrderMark is how Excel and others begin a UTF-8 file.
var byteOrderMark = []byte("\xef\xbb\xbf")

// decode reads the whole file as text. It returns a *Problems for a file that is too large or is neither UTF-8 nor
// UTF-16 with a byte order mark: guessing an encoding would store wrong letters without anyone noticing.
func decode(r io.Reader) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return "", fmt.Errorf("read the file: %w", err)
	}
	if len(content) > MaxFileBytes {
		return "", refuse(Problem{Code: models.FieldTooLong, Limit: MaxFileBytes})
	}
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		content, err = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(content)
		if err != nil {
			return "", refuse(Problem{Code: models.FieldInvalid, Reason: ReasonEncoding, Line: 1})
		}
	}
	content = bytes.TrimPrefix(content, byteOrderMark)
	if utf8.Valid(content) {
		return string(content), nil
	}
	return "", refuse(firstBrokenByte(content))
}

// firstBrokenByte finds where a text stops being UTF-8. The column's name is not known yet: it is the place in the
// line, in characters.
func firstBrokenByte(content []byte) Problem {
	line, character := 1, 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		switch {
		case r == utf8.RuneError && size == 1:
			return Problem{
				Code: models.FieldInvalid, Reason: ReasonEncoding, Line: line, Column: fmt.Sprintf("character %d", character),
			}
		case r == '\n', r == '\r' && !bytes.HasPrefix(content[size:], []byte("\n")):
			line, character = line+1, 1
		default:
			character++
		}
		content = content[size:]
	}
	return Problem{Code: models.FieldInvalid, Reason: ReasonEncoding}
}

// refuse is the error of a file that has one problem and cannot be read on.
func refuse(problem Problem) *Problems {
	problems := &Problems{}
	problems.Add(problem)
	return problems
}
