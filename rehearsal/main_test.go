package rehearsal

import (
	"testing"

	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
