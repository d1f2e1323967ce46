// Package models holds what every other package speaks of: rows of the database, enums, ids, token amounts, days and
// pages. It owns the rules that concern a single value; everything that needs two rows lives above. It imports the
// standard library only.
package models
