// Package feed reads the files that merchants hand over: a Shopify product export, old or new header, or a plain CSV.
//
// It owns what the bytes mean (encodings, separators, quotes), which column is which field, HTML bodies as plain text,
// prices in exact minor units, the place of every fault in the file, and what a file changes on a product that is
// already known. Everything in it is a pure function of the file.
//
// It leaves to package catalog which products a team has and how they are stored.
package feed
