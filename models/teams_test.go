package models_test

import (
	"errors"
	"testing"

	"productgenerator/models"
)

func TestARoleThatIsTooSmallIsForbiddenAndNoneLearnsNothing(t *testing.T) {
	roles := []models.TeamRole{models.RoleViewer, models.RoleMember, models.RoleAdmin, models.RoleOwner}
	for i, role := range roles {
		for j, needed := range roles {
			if err := role.Require(needed); i < j && !errors.Is(err, models.ErrForbidden) || i >= j && err != nil {
				t.Errorf("%s where %s is needed: %v", role, needed, err)
			}
		}
	}
	for _, needed := range roles {
		if err := models.TeamRole("").Require(needed); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("no role where %s is needed: %v", needed, err)
		}
	}
}
