package web

import "net/http"

// Home serves the home page at / and its files under /assets/. Any other path is not found.
func Home() http.Handler {
	return newSite("/", "index.html", "assets", basePolicy)
}

// GraphiQL serves the playground at /graphiql and its files under /graphiql/. Mount it on both: it takes the full path.
func GraphiQL() http.Handler {
	return newSite("/graphiql", "graphiql.html", "graphiql", graphiqlPolicy)
}

// What a page may do; the browser enforces it. 'self' covers requests and WebSockets to the page's own host and port.
const (
	basePolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// GraphiQL's editor sets its styles from scripts, and its style sheet carries fonts and images as data.
	graphiqlPolicy = basePolicy + "; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
)
