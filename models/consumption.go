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

// DayConsumption is what captured parts cost on one day, by operation and part: Consumption of all members together.
type DayConsumption struct {
	TeamID      TeamID    `gorm:"primaryKey"`
	Day         Date      `gorm:"primaryKey"`
	Operation   Operation `gorm:"primaryKey"`
	Part        Part      `gorm:"primaryKey"`
	Tokens      Tokens
	Parts       int64 // how many parts were captured
	Generations int64 // of how many generations this part was captured first
}

// TableName is the table of consumption by part, without members.
func (DayConsumption) TableName() string { return "consumption_days" }

// ProductDay is what captured parts of a product cost on one day: ProductConsumption of all members and operations.
type ProductDay struct {
	TeamID      TeamID    `gorm:"primaryKey"`
	ProductID   ProductID `gorm:"primaryKey"`
	Day         Date      `gorm:"primaryKey"`
	Tokens      Tokens
	Generations int64 // with at least one captured part
}

// TableName is the table of products' days.
func (ProductDay) TableName() string { return "product_days" }

// ProductMonth is what captured parts of a product cost in one calendar month.
type ProductMonth struct {
	TeamID      TeamID    `gorm:"primaryKey"`
	Month       Date      `gorm:"primaryKey"` // its first day
	ProductID   ProductID `gorm:"primaryKey"`
	Tokens      Tokens
	Generations int64 // with at least one captured part
}

// TableName is the table of products' months.
func (ProductMonth) TableName() string { return "product_months" }
