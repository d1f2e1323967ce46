package operations

import (
	"strconv"

	"productgenerator/ledger"
	"productgenerator/models"
)

// Bounds of a request's words, in characters, and of a run over many products.
const (
	MaxTone         = 100
	MaxInstructions = 2_000
	MaxLanguage     = 35
	MaxBatch        = 1_000
)

func checkRequest(key ledger.Key, style Style) error {
	var faults models.FieldErrors
	key.Check(&faults)
	faults.Add(models.CheckLine(style.Tone, MaxTone), MaxTone, "tone")
	faults.Add(models.CheckText(style.Instructions, MaxInstructions), MaxInstructions, "instructions")
	faults.Add(checkLanguage(style.Language), MaxLanguage, "language")
	return faults.Err()
}

func checkMany(r RequestMany) error {
	faults := checkProducts(r.Products)
	if len(r.Products) == 0 {
		faults.Add(models.FieldRequired, 0, "productIds")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return checkRequest(r.Key, r.Style)
}

// checkProducts names those that are in the list a second time.
func checkProducts(products []models.ProductID) (faults models.FieldErrors) {
	if len(products) > MaxBatch {
		faults.Add(models.FieldTooMany, MaxBatch, "productIds")
		return faults
	}
	seen := make(map[models.ProductID]bool, len(products))
	for i, id := range products {
		if seen[id] {
			faults.Add(models.FieldInvalid, 0, "productIds", strconv.Itoa(i))
		}
		seen[id] = true
	}
	return faults
}

// checkLanguage accepts what has the form of a BCP 47 tag; whether somebody writes it is the providers' to say.
func checkLanguage(tag string) models.FieldCode {
	if len(tag) > MaxLanguage {
		return models.FieldTooLong
	}
	for i, r := range tag {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i < 2 || r != '-' && (r < '0' || r > '9')) {
			return models.FieldInvalid
		}
	}
	if len(tag) == 1 {
		return models.FieldInvalid
	}
	return ""
}
