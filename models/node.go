package models

// What has an id of its own and can be read again by it is one of the API's nodes.

func (User) IsNode()            {}
func (Team) IsNode()            {}
func (Membership) IsNode()      {}
func (Invitation) IsNode()      {}
func (Balance) IsNode()         {}
func (Grant) IsNode()           {}
func (LedgerEntry) IsNode()     {}
func (Product) IsNode()         {}
func (Content) IsNode()         {}
func (ProductImage) IsNode()    {}
func (ProductPrice) IsNode()    {}
func (Template) IsNode()        {}
func (Generation) IsNode()      {}
func (GenerationBatch) IsNode() {}
func (AlertRule) IsNode()       {}
func (LimitWarning) IsNode()    {}
func (TokenPackage) IsNode()    {}
func (Purchase) IsNode()        {}
func (Promotion) IsNode()       {}
