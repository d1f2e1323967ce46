//go:build tools

// Package main keeps the code generators in go.mod at the versions that made the committed code.
package main

import (
	_ "github.com/99designs/gqlgen"
)
