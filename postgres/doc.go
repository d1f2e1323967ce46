// Package postgres is everything about the database that is not about the product: it runs an embedded server, opens
// a pool with the settings the money rules rely on, hands the same pool to GORM, and brings the schema up to date.
//
// It owns
//   - the embedded server (StartEmbedded): found or fetched binaries, a cluster below the data directory, a private
//     Unix socket, recovery after a kill -9, one process for each data directory;
//   - the pool (Open): time limits on locks and statements, keep-alives, the refusal of databases that could forget an
//     acknowledged commit, GORM's settings and its log;
//   - the schema (Migrate, Migrated): the SQL files in migrations/ and the job queue's own, under one lock.
//
// It leaves transactions to package ledger, rows to package models and settings' names to package main. Package
// pgtest, beside it, gives every test a fresh database.
package postgres
