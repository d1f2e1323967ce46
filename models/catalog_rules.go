package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a product's fields, in characters or in entries.
const (
	MaxProductName    = 200
	MaxHandle         = 255
	MaxSKU            = 100
	MaxBrand          = 100
	MaxCategory       = 100
	MaxDescription    = 20_000
	MaxAttributes     = 100
	MaxAttributeName  = 100
	MaxAttributeValue = 1_000
	MaxFeedImages     = 250
	MaxFeedImageAlt   = 1_000
	MaxFeedOffers     = 2_048
	MaxSeller         = 100
	MaxURL            = 2_048
	MaxContentText    = 20_000
)

// CheckLine says what is wrong with a text that belongs on one line: more than limit characters, broken UTF-8, or
// control characters.
func CheckLine(text string, limit int) FieldCode {
	return checkText(text, limit, "")
}

// CheckText says what is wrong with a text of several lines, in which new lines and tabs are welcome.
func CheckText(text string, limit int) FieldCode {
	return checkText(text, limit, "\n\t")
}

func checkText(text string, limit int, welcome string) FieldCode {
	if !utf8.ValidString(text) {
		return FieldInvalid
	}
	for _, r := range text {
		if unicode.IsControl(r) && !strings.ContainsRune(welcome, r) {
			return FieldInvalid
		}
	}
	if utf8.RuneCountInString(text) > limit {
		return FieldTooLong
	}
	return ""
}
