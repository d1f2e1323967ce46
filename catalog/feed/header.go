package feed

import (
	"fmt"
	"strings"

	"productgenerator/models"
)

// absent is the index of a column that the file does not have.
const absent = -1

// header is the file's first row: what its columns are called.
type header struct {
	line  int
	names []string // as the file writes them, trimmed
	keys  []string // as they are compared: lower case, one space between words
}

func newHeader(row record) header {
	h := header{line: row.line()}
	for _, c := range row {
		h.names = append(h.names, oneLine(c.text))
		h.keys = append(h.keys, columnKey(c.text))
	}
	return h
}

// columnKey makes header names comparable: "Option1  Name" and "Option1 name" are one, so are "in_stock" and "in stock".
func columnKey(name string) string {
	return oneLine(strings.ReplaceAll(strings.ToLower(name), "_", " "))
}

// has says whether the file has a column of that key.
func (h header) has(key string) bool {
	for _, k := range h.keys {
		if k == key {
			return true
		}
	}
	return false
}

// find is the column that bears one of the keys, the earlier key first; absent if there is none. Two columns for one
// field are a problem: only one could be stored.
func (h header) find(problems *Problems, keys ...string) int {
	found := absent
	for _, key := range keys {
		for i, k := range h.keys {
			if k != key {
				continue
			}
			if found == absent {
				found = i
			} else if h.keys[found] == key {
				problems.Add(Problem{
					Code: models.FieldInvalid, Reason: ReasonTwoColumns, Line: h.line, Column: h.names[i],
				})
			}
		}
		if found != absent {
			return found
		}
	}
	return found
}

// name is how a problem calls a column.
func (h header) name(column int) string {
	if column == absent {
		return ""
	}
	if column < len(h.names) && h.names[column] != "" {
		return h.names[column]
	}
	return fmt.Sprintf("column %d", column+1)
}

// checkWidth reports values that no header names and that would be lost unnoticed.
func (h header) checkWidth(row record, problems *Problems) {
	for i, c := range row {
		if (i >= len(h.names) || h.names[i] == "") && strings.TrimSpace(c.text) != "" {
			problems.Add(Problem{
				Code: models.FieldInvalid, Reason: ReasonNameless, Line: c.line, Column: h.name(i), Value: c.text,
			})
			return
		}
	}
}

// oneLine trims a text and turns every run of white space, line breaks too, into one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
