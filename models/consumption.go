package models

// Consumption is what captured parts cost on one day, by member, operation and part: the ledger's captures, added up
// in the transaction that posts them. It counts for the day of the reservation.
type Consumption struct {
	TeamID      TeamID    `gorm:"primaryKey"`
	Day         Date      `gorm:"primaryKey"`
	UserID      UserID    `gorm:"primaryKey"`
	Operation   Operation `gorm:"primaryKey"`
	Part        Part      `gorm:"primaryKey"`
	Tokens      Tokens
	Parts       int64 // how many parts were captured
	Generations int64 // of how many generations this part was captured first
}

// TableName is the table of consumption by part.
func (Consumption) TableName() string { return "consumption" }

// ProductConsumption is what captured parts cost on one day, by product, member and operation.
type ProductConsumption struct {
	TeamID      TeamID    `gorm:"primaryKey"`
	Day         Date      `gorm:"primaryKey"`
	ProductID   ProductID `gorm:"primaryKey"`
	UserID      UserID    `gorm:"primaryKey"`
	Operation   Operation `gorm:"primaryKey"`
	Tokens      Tokens
	Generations int64 // with at least one captured part
}

// TableName is the table of consumption by product.
func (ProductConsumption) TableName() string { return "product_consumption" }
