package pgtest_test

import (
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func BenchmarkNew(b *testing.B) {
	pgtest.New(b)
	for b.Loop() {
		began := time.Now()
		pgtest.NewURL(b)
		b.Log(time.Since(began))
	}
}
