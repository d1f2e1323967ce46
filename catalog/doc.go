// Package catalog is what teams sell: products, where they are imported from, the versions of their texts, the images
// and prices that were found for them, templates, and the local search over all of it.
//
// It owns the tables products, contents, product_images, product_prices, templates and public_products, the rules of
// their fields, and the files that the platform ships (feeds/). Package feed below it reads merchants' files.
//
// It leaves to others: who may do what (resolvers), what an operation costs and when a generation's results are stored
// (operations, which calls AddVersions in the ledger's transaction), and asking anyone outside (provider).
//
// Every statement on a team's rows names the team, so that a product's id alone never opens another team's door.
package catalog
