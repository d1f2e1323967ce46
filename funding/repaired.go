package funding

// Repaired is what a comparison with the providers' lists has mended.
type Repaired struct {
	Purchases int // that learnt something from the list of checkouts
	Notices   int // that were never delivered; they are processed like the others
}

func (r *Repaired) add(other Repaired) {
	r.Purchases += other.Purchases
	r.Notices += other.Notices
}
