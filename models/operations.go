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
}

// TableName is the table of generations.
func (Generation) TableName() string { return "generations" }

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
	Error        *string // why it failed, fit for the user to read
	Model        *string
	InputTokens  *int
	OutputTokens *int
	FinishedAt   *time.Time
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
}

// TableName is the table of runs over many products.
func (GenerationBatch) TableName() string { return "generation_batches" }
