package models

import (
	"errors"
	"testing"
)

func TestARoleThatIsTooSmallIsForbiddenAndNoneLearnsNothing(t *testing.T) {
	roles := []TeamRole{RoleViewer, RoleMember, RoleAdmin, RoleOwner}
	for i, role := range roles {
		for j, needed := range roles {
			if err := role.Require(needed); i < j && !errors.Is(err, ErrForbidden) || i >= j && err != nil {
				t.Errorf("%s where %s is needed: %v", role, needed, err)
			}
		}
	}
	for _, needed := range roles {
		if err := TeamRole("").Require(needed); !errors.Is(err, ErrNotFound) {
			t.Errorf("no role where %s is needed: %v", needed, err)
		}
	}
}
