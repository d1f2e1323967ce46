package models

import "time"

// Operation is what a member runs on a product.
type Operation string

// The operations, the dearest last.
const (
	OperationSearchImages  Operation = "SEARCH_IMAGES"
	OperationSearchPrices  Operation = "SEARCH_PRICES"
	OperationGenerateTexts Operation = "GENERATE_TEXTS"
	OperationGenerateAll   Operation = "GENERATE_ALL"
)

// Operations lists all operations in the order of the API's enum.
func Operations() []Operation {
	return []Operation{OperationGenerateTexts, OperationSearchImages, OperationSearchPrices, OperationGenerateAll}
}

// Parts are what the operation delivers, in the order in which they are paid.
func (o Operation) Parts() []Part {
	switch o {
	case OperationGenerateTexts:
		return []Part{PartShortDescription, PartLongDescription}
	case OperationSearchImages:
		return []Part{PartImages}
	case OperationSearchPrices:
		return []Part{PartPrices}
	case OperationGenerateAll:
		return []Part{PartShortDescription, PartLongDescription, PartImages, PartPrices}
	default:
		return nil
	}
}

// Part is one of the things that an operation delivers; each is paid by itself.
type Part string

// The parts.
const (
	PartShortDescription Part = "SHORT_DESCRIPTION"
	PartLongDescription  Part = "LONG_DESCRIPTION"
	PartImages           Part = "IMAGES"
	PartPrices           Part = "PRICES"
)

// IsText says whether the part is a text rather than a search.
func (p Part) IsText() bool { return p == PartShortDescription || p == PartLongDescription }

// GenerationStatus is where a generation, or a run over many, stands.
type GenerationStatus string

// SUCCEEDED: every part captured. PARTIALLY_SUCCEEDED: some captured, none cancelled. FAILED: none captured.
// CANCELLED: a user cancelled it, whatever was captured before.
const (
	GenerationQueued             GenerationStatus = "QUEUED"
	GenerationRunning            GenerationStatus = "RUNNING"
	GenerationSucceeded          GenerationStatus = "SUCCEEDED"
	GenerationPartiallySucceeded GenerationStatus = "PARTIALLY_SUCCEEDED"
	GenerationFailed             GenerationStatus = "FAILED"
	GenerationCancelled          GenerationStatus = "CANCELLED"
)

// Finished says whether nothing more will happen.
func (s GenerationStatus) Finished() bool { return s != GenerationQueued && s != GenerationRunning }

// PartStatus is where a part of a generation stands.
type PartStatus string

// The states of a part; the last three are final.
const (
	PartQueued    PartStatus = "QUEUED"
	PartRunning   PartStatus = "RUNNING"
	PartSucceeded PartStatus = "SUCCEEDED"
	PartFailed    PartStatus = "FAILED"
	PartCancelled PartStatus = "CANCELLED"
)

// Finished says whether the part is settled.
func (s PartStatus) Finished() bool { return s != PartQueued && s != PartRunning }

// PartFailure is why a part was not delivered.
type PartFailure string

// The kinds of failure, as the schema describes them.
const (
	FailureNothingFound PartFailure = "NOTHING_FOUND"
	FailureProviderDown PartFailure = "PROVIDER_DOWN"
	FailureTimedOut     PartFailure = "TIMED_OUT"
	FailureRefused      PartFailure = "REFUSED"
	FailureCancelled    PartFailure = "CANCELLED"
	FailureInterrupted  PartFailure = "INTERRUPTED"
)

// Generation is one operation on one product: requested, queued, run, settled part by part.
type Generation struct {
	ID           GenerationID `gorm:"primaryKey"`
	TeamID       TeamID
	BatchID      *BatchID
	ProductID    ProductID
	ProductName  string // as it was when the generation was requested
	ActorID      UserID
	Operation    Operation
	Status       GenerationStatus
	Language     string
	Tone         string
	Instructions string
	Outline      string // the texts of a template that the writer follows
	Attempts     int    // how often a worker has claimed it
	LeaseHolder  *string
	LeaseUntil   *time.Time
	StartedAt    *time.Time // when a worker first claimed it
	CreatedAt    time.Time
	FinishedAt   *time.Time

	Parts []GenerationPart `gorm:"-"` // in the order of the API's enum
}

// TableName is the table of generations.
func (Generation) TableName() string { return "generations" }

// Reserved is what was reserved for all parts at the start.
func (g *Generation) Reserved() (tokens Tokens) {
	for _, part := range g.Parts {
		tokens += part.Tokens
	}
	return tokens
}

// Captured is what the delivered parts cost.
func (g *Generation) Captured() (tokens Tokens) {
	for _, part := range g.Parts {
		if part.Status == PartSucceeded {
			tokens += part.Tokens
		}
	}
	return tokens
}

// Released is what went back.
func (g *Generation) Released() (tokens Tokens) {
	for _, part := range g.Parts {
		if part.Status.Finished() && part.Status != PartSucceeded {
			tokens += part.Tokens
		}
	}
	return tokens
}

// Progress is the share of parts that are settled, 0 to 1.
func (g *Generation) Progress() float64 {
	settled := 0
	for _, part := range g.Parts {
		if part.Status.Finished() {
			settled++
		}
	}
	return float64(settled) / float64(max(1, len(g.Parts)))
}

// Outcome is the status that the parts make, once all of them are settled.
func (g *Generation) Outcome() GenerationStatus {
	succeeded, cancelled := 0, 0
	for _, part := range g.Parts {
		switch part.Status {
		case PartSucceeded:
			succeeded++
		case PartCancelled:
			cancelled++
		}
	}
	switch {
	case cancelled > 0:
		return GenerationCancelled
	case succeeded == len(g.Parts):
		return GenerationSucceeded
	case succeeded > 0:
		return GenerationPartiallySucceeded
	default:
		return GenerationFailed
	}
}

// GenerationPart is one part of a generation and, once it is settled, what became of it.
type GenerationPart struct {
	GenerationID GenerationID `gorm:"primaryKey"`
	Part         Part         `gorm:"primaryKey"`
	TeamID       TeamID
	ProductID    ProductID
	Status       PartStatus
	Tokens       Tokens
	Attempts     int
	Provider     *string
	Text         *string // texts: what has arrived so far, the whole in the end
	Failure      *PartFailure
	Model        *string
	InputTokens  *int
	OutputTokens *int
	FinishedAt   *time.Time

	Images []ProductImage `gorm:"-"` // what a search delivered, the best first
	Prices []ProductPrice `gorm:"-"` // likewise
}

// TableName is the table of parts.
func (GenerationPart) TableName() string { return "generation_parts" }

// GenerationBatch is one operation run over several products: reserved as one change, settled product by product.
type GenerationBatch struct {
	ID        BatchID `gorm:"primaryKey"`
	TeamID    TeamID
	ActorID   UserID
	Operation Operation
	Total     int
	CreatedAt time.Time

	Tally BatchTally `gorm:"-"`
}

// TableName is the table of runs over many products.
func (GenerationBatch) TableName() string { return "generation_batches" }

// BatchTally sums up the generations of a run.
type BatchTally struct {
	Queued, Running, Succeeded, PartiallySucceeded, Failed, Cancelled int // generations by status
	Parts, SettledParts                                               int
	Reserved, Captured, Released                                      Tokens
	FinishedAt                                                        *time.Time // of the last one; nil while one is unfinished
}

// Status is where the whole run stands: it runs until its last generation is finished.
func (b *GenerationBatch) Status() GenerationStatus {
	t := b.Tally
	switch {
	case t.Queued == b.Total:
		return GenerationQueued
	case t.Queued+t.Running > 0:
		return GenerationRunning
	case t.Cancelled > 0:
		return GenerationCancelled
	case t.Succeeded == b.Total:
		return GenerationSucceeded
	case t.Succeeded+t.PartiallySucceeded > 0:
		return GenerationPartiallySucceeded
	default:
		return GenerationFailed
	}
}

// Succeeded counts the generations of which every part was delivered.
func (b *GenerationBatch) Succeeded() int { return b.Tally.Succeeded }

// PartiallySucceeded counts the generations of which some parts were delivered.
func (b *GenerationBatch) PartiallySucceeded() int { return b.Tally.PartiallySucceeded }

// Failed counts the generations of which nothing was delivered.
func (b *GenerationBatch) Failed() int { return b.Tally.Failed }

// Cancelled counts the generations that were cancelled.
func (b *GenerationBatch) Cancelled() int { return b.Tally.Cancelled }

// Reserved is what was reserved for the whole run at the start.
func (b *GenerationBatch) Reserved() Tokens { return b.Tally.Reserved }

// Captured is what the delivered parts cost.
func (b *GenerationBatch) Captured() Tokens { return b.Tally.Captured }

// Released is what went back.
func (b *GenerationBatch) Released() Tokens { return b.Tally.Released }

// Progress is the share of parts that are settled, 0 to 1.
func (b *GenerationBatch) Progress() float64 {
	return float64(b.Tally.SettledParts) / float64(max(1, b.Tally.Parts))
}

// FinishedAt is when the last generation was finished; nil while one is unfinished.
func (b *GenerationBatch) FinishedAt() *time.Time { return b.Tally.FinishedAt }
