package teams

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"productgenerator/models"
)

// Team reads a team, or returns models.ErrNotFound.
func (t *Teams) Team(ctx context.Context, id models.TeamID) (models.Team, error) {
	found, err := t.TeamsByID(ctx, []models.TeamID{id})
	if err != nil {
		return models.Team{}, err
	}
	team, ok := found[id]
	if !ok {
		return models.Team{}, models.ErrNotFound
	}
	return team, nil
}

// TeamsByID is those of the teams that there are.
func (t *Teams) TeamsByID(ctx context.Context, ids []models.TeamID) (map[models.TeamID]models.Team, error) {
	found, err := gorm.G[models.Team](t.db).Where("id = ANY (?)", &ids).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read teams: %w", err)
	}
	byID := make(map[models.TeamID]models.Team, len(found))
	for _, team := range found {
		byID[team.ID] = team
	}
	return byID, nil
}

// Membership reads the place of a user in a team, or returns models.ErrNotFound.
func (t *Teams) Membership(ctx context.Context, place Place) (models.Membership, error) {
	member, err := gorm.G[models.Membership](t.db).Where("team_id = ? AND user_id = ?", place.Team, place.User).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Membership{}, models.ErrNotFound
	}
	if err != nil {
		return models.Membership{}, fmt.Errorf("read a membership of %s: %w", place.Team, err)
	}
	return member, nil
}

// Memberships is those of the places that are taken.
func (t *Teams) Memberships(ctx context.Context, places []Place) (map[Place]models.Membership, error) {
	teams, users := make([]models.TeamID, len(places)), make([]models.UserID, len(places))
	for i, place := range places {
		teams[i], users[i] = place.Team, place.User
	}
	members, err := gorm.G[models.Membership](t.db).Raw(`
SELECT memberships.*
FROM unnest(?::text[], ?::text[]) AS asked (team_id, user_id)
JOIN memberships USING (team_id, user_id)`, &teams, &users).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	byPlace := make(map[Place]models.Membership, len(members))
	for _, member := range members {
		byPlace[Place{member.TeamID, member.UserID}] = member
	}
	return byPlace, nil
}

// MembershipByID reads a membership, or returns models.ErrNotFound.
func (t *Teams) MembershipByID(ctx context.Context, id models.MembershipID) (models.Membership, error) {
	member, err := gorm.G[models.Membership](t.db).Where("id = ?", id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Membership{}, models.ErrNotFound
	}
	if err != nil {
		return models.Membership{}, fmt.Errorf("read %s: %w", id, err)
	}
	return member, nil
}

// MembershipsOf is each user's places in teams, the oldest first: all of them, or with a viewer only those in teams
// that the viewer shares.
func (t *Teams) MembershipsOf(ctx context.Context, users []models.UserID, viewer *models.UserID) (map[models.UserID][]models.Membership, error) {
	query := gorm.G[models.Membership](t.db).Where("user_id = ANY (?)", &users)
	if viewer != nil {
		query = query.Where("team_id IN (SELECT team_id FROM memberships WHERE user_id = ?)", *viewer)
	}
	members, err := query.Order("id").Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the memberships of users: %w", err)
	}
	byUser := make(map[models.UserID][]models.Membership, len(users))
	for _, user := range users {
		byUser[user] = []models.Membership{}
	}
	for _, member := range members {
		byUser[member.UserID] = append(byUser[member.UserID], member)
	}
	return byUser, nil
}

// Members is a page of a team's members, in the order they joined. It returns models.ErrPageCursor for a foreign cursor.
func (t *Teams) Members(ctx context.Context, team models.TeamID, page models.Page) (models.Connection[models.Membership], error) {
	if err := checkCursor(page, models.PrefixMembership); err != nil {
		return models.Connection[models.Membership]{}, err
	}
	members, err := gorm.G[models.Membership](t.db).Where("team_id = ? AND id > ?", team, page.Cursor).
		Order("id").Limit(page.Size + 1).Find(ctx)
	if err != nil {
		return models.Connection[models.Membership]{}, fmt.Errorf("read the members of %s: %w", team, err)
	}
	return models.Connect(page, members, func(m models.Membership) string { return string(m.ID) }), nil
}

// Filter narrows the list of all teams down; its zero value lets every team through.
type Filter struct {
	Search string // a part of the name, or of an owner's e-mail, in any case
	Plan   models.Plan
}

// Search is a page of the teams of everybody, the newest first. It returns models.ErrPageCursor for a foreign cursor.
func (t *Teams) Search(ctx context.Context, filter Filter, page models.Page) (models.Connection[models.Team], error) {
	if err := checkCursor(page, models.PrefixTeam); err != nil {
		return models.Connection[models.Team]{}, err
	}
	query := gorm.G[models.Team](t.db).Where("(? = '' OR id < ?)", page.Cursor, page.Cursor)
	if filter.Plan != "" {
		query = query.Where("plan = ?", filter.Plan)
	}
	if text := printable(filter.Search); text != "" {
		query = query.Where(`
(strpos(lower(name), lower(?)) > 0 OR EXISTS (
	SELECT FROM memberships
	JOIN users ON users.id = memberships.user_id
	WHERE memberships.team_id = teams.id AND memberships.role = 'OWNER' AND strpos(lower(users.email), lower(?)) > 0))`,
			text, text)
	}
	found, err := query.Order("id DESC").Limit(page.Size + 1).Find(ctx)
	if err != nil {
		return models.Connection[models.Team]{}, fmt.Errorf("search teams: %w", err)
	}
	return models.Connect(page, found, func(team models.Team) string { return string(team.ID) }), nil
}

// printable is a search as the database can take it: valid UTF-8 without zeros, and without the spaces around it.
func printable(search string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(search, ""), "\x00", ""))
}

// checkCursor sees to it that a page begins behind an id of that kind.
func checkCursor(page models.Page, prefix string) error {
	if found, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || found != prefix) {
		return models.ErrPageCursor
	}
	return nil
}
