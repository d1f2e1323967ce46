// Package web serves the pages that people open in a browser: the home page at / and the GraphiQL playground at
// /graphiql, subscriptions included; and it writes documents, pages that can be printed, such as a receipt. All of their
// files are in the binary; the pages speak to nothing but the server they came from, documents to nobody at all, and the
// headers of every answer hold them to that.
//
// It owns the pages' files, their caching, their compression and their Content-Security-Policy. The API that the pages
// call (/graphql, /readyz) is the business of whoever mounts the handlers beside it, and so is what a document says and
// who may read it.
//
// The sources are in web/app; "npm run build" there writes web/dist, which is committed, so that Go builds need no
// Node. The same sources give the same bytes: "npm run compare" tells whether web/dist is up to date.
package web
