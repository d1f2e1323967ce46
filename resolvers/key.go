package resolvers

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"productgenerator/ledger"
	"productgenerator/models"
)

// keyOf is the caller's idempotency key with what it is used for. input is the mutation's input as it was read.
func keyOf(caller models.UserID, mutation, key string, input any) ledger.Key {
	return ledger.Key{Caller: caller, Key: key, Mutation: mutation, InputHash: hashOf(input)}
}

// hashOf is the SHA-256 of an input in its canonical form: JSON with sorted names, without the idempotency key, and
// without what is null, so that an absent field and a null one are the same, and an input keeps its hash when the schema
// grows.
func hashOf(input any) []byte {
	written, err := json.Marshal(input)
	if err != nil {
		panic(fmt.Sprintf("resolvers: %T cannot be written as JSON: %v", input, err)) // inputs are plain data
	}
	var fields map[string]any
	reader := json.NewDecoder(bytes.NewReader(written))
	reader.UseNumber()
	if err := reader.Decode(&fields); err != nil {
		panic(fmt.Sprintf("resolvers: %T is no input: %v", input, err))
	}
	delete(fields, "idempotencyKey")
	canonical, err := json.Marshal(withoutNulls(fields))
	if err != nil {
		panic(fmt.Sprintf("resolvers: %T cannot be written as JSON: %v", input, err))
	}
	hash := sha256.Sum256(canonical)
	return hash[:]
}

// withoutNulls drops the fields that are null, however deep.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			if field == nil {
				delete(value, name)
				continue
			}
			value[name] = withoutNulls(field)
		}
	case []any:
		for i, item := range value {
			value[i] = withoutNulls(item)
		}
	}
	return value
}
