package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"productgenerator/notify"
	"productgenerator/transport"
)

// metrics is what /metrics shows. Its labels hold no names of people, teams or products.
type metrics struct {
	registry   *prometheus.Registry
	operations *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
}

// newMetrics registers the program's own figures and those of the runtime.
func newMetrics(a *app) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "productgenerator_graphql_operation_seconds", Help: "Time of GraphQL operations, by their first root field.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"transport", "kind", "field", "status"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "productgenerator_deliveries_total", Help: "Attempts to deliver a warning by e-mail or webhook, by how they ended.",
		}, []string{"channel", "outcome"}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "productgenerator_" + name, Help: help}, value)
	}
	counter := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "productgenerator_" + name, Help: help},
			func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.operations, m.deliveries,
		gauge("requests", "Requests under way, streams among them.", func() float64 { return float64(a.transport.Stats().Requests) }),
		gauge("sockets", "Open WebSockets.", func() float64 { return float64(a.transport.Stats().Sockets) }),
		gauge("streams", "Open streams of server-sent events.", func() float64 { return float64(a.transport.Stats().Streams) }),
		gauge("subscriptions", "Operations that run on WebSockets.", func() float64 { return float64(a.transport.Stats().Operations) }),
		gauge("database_connections", "Open connections to the database.", func() float64 { return float64(a.db.Pool.Stat().TotalConns()) }),
		counter("ledger_transactions_total", "Transactions that moved tokens.", func() int64 { return a.ledger.Stats().Transactions }),
		counter("ledger_changes_total", "Changes that those transactions decided.", func() int64 { return a.ledger.Stats().Changes }),
		counter("ledger_retries_total", "Transactions that were tried again.", func() int64 { return a.ledger.Stats().Retries }),
	)
	return m
}

// observe counts one GraphQL operation that ended.
func (m *metrics) observe(o transport.Observation) {
	m.operations.WithLabelValues(o.Transport, o.Kind, o.Field, o.Status).Observe(float64(o.Duration) / float64(time.Second))
}

// attempted counts one attempt to deliver a warning.
func (m *metrics) attempted(c notify.Channel, o notify.Outcome) {
	m.deliveries.WithLabelValues(string(c), string(o)).Inc()
}
