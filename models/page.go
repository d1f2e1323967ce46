package models

import (
	"encoding/base64"
	"errors"
)

// Page sizes of every list that grows.
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
)

// Errors of page arguments. The first names the range, the second the cure.
var (
	ErrPageSize   = errors.New("first and last take a whole number from 1 to 100")
	ErrPageCursor = errors.New("that is not a cursor of this list: use one that the list gave, or leave it out")
	ErrPageBoth   = errors.New("give first with after, or last with before, not both")
)

// Page asks for one page of a list: Size items after the cursor or, backwards, before it.
type Page struct {
	Size     int
	Cursor   string // the key that the page starts behind; empty: the list's end
	Backward bool
}

// NewPage reads Relay's arguments. It returns ErrPageSize, ErrPageCursor or ErrPageBoth.
func NewPage(first *int, after *string, last *int, before *string) (Page, error) {
	if (first != nil || after != nil) && (last != nil || before != nil) {
		return Page{}, ErrPageBoth
	}
	page := Page{Size: DefaultPageSize, Backward: last != nil || before != nil}
	size, cursor := first, after
	if page.Backward {
		size, cursor = last, before
	}
	if size != nil {
		page.Size = *size
	}
	if page.Size < 1 || page.Size > MaxPageSize {
		return Page{}, ErrPageSize
	}
	if cursor != nil {
		key, err := base64.RawURLEncoding.DecodeString(*cursor)
		if err != nil || len(key) == 0 || len(key) > 200 {
			return Page{}, ErrPageCursor
		}
		page.Cursor = string(key)
	}
	return page, nil
}

// Connection is one page of a list in Relay's form.
type Connection[T any] struct {
	Edges    []Edge[T]
	PageInfo PageInfo
	// Total counts the whole list where the list offers it.
	Total int
}

// Nodes are the page's items without their cursors.
func (c Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, edge := range c.Edges {
		nodes[i] = edge.Node
	}
	return nodes
}

// TotalCount is how long the whole list is.
func (c Connection[T]) TotalCount() int { return c.Total }

// Edge is an item of a page and the cursor that names its place.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// PageInfo says what lies beyond a page.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Connect makes a page out of rows that were read with a limit of page.Size+1, in the direction of reading: the one
// too many says that there is more. key is the row's place in the list's order.
func Connect[T any](page Page, rows []T, key func(T) string) Connection[T] {
	more := len(rows) > page.Size
	if more {
		rows = rows[:page.Size]
	}
	edges := make([]Edge[T], len(rows))
	for i, row := range rows {
		at := i
		if page.Backward {
			at = len(rows) - 1 - i
		}
		edges[at] = Edge[T]{Cursor: base64.RawURLEncoding.EncodeToString([]byte(key(row))), Node: row}
	}
	info := PageInfo{HasNextPage: more, HasPreviousPage: page.Cursor != ""}
	if page.Backward {
		info = PageInfo{HasNextPage: page.Cursor != "", HasPreviousPage: more}
	}
	if len(edges) > 0 {
		info.StartCursor, info.EndCursor = &edges[0].Cursor, &edges[len(edges)-1].Cursor
	}
	return Connection[T]{Edges: edges, PageInfo: info}
}

// The lists of the API, by what they hold.
type (
	MembershipConnection   = Connection[Membership]
	MembershipEdge         = Edge[Membership]
	TeamConnection         = Connection[Team]
	TeamEdge               = Edge[Team]
	GrantConnection        = Connection[Grant]
	GrantEdge              = Edge[Grant]
	LedgerEntryConnection  = Connection[LedgerEntry]
	LedgerEntryEdge        = Edge[LedgerEntry]
	ProductConnection      = Connection[Product]
	ProductEdge            = Edge[Product]
	ContentConnection      = Connection[Content]
	ContentEdge            = Edge[Content]
	TemplateConnection     = Connection[Template]
	TemplateEdge           = Edge[Template]
	GenerationConnection   = Connection[Generation]
	GenerationEdge         = Edge[Generation]
	LimitWarningConnection = Connection[LimitWarning]
	LimitWarningEdge       = Edge[LimitWarning]
	PurchaseConnection     = Connection[Purchase]
	PurchaseEdge           = Edge[Purchase]
	PromotionConnection    = Connection[Promotion]
	PromotionEdge          = Edge[Promotion]
)
