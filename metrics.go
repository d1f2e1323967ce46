package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"productgenerator/funding"
	"productgenerator/notify"
	"productgenerator/transport"
)

// metrics is what /metrics shows. Its labels hold no names of people, teams or products.
type metrics struct {
	registry   *prometheus.Registry
	operations *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
	notices    *prometheus.CounterVec
	repairs    *prometheus.CounterVec
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
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "productgenerator_payment_notices_total", Help: "Notices of payments that were delivered, by what became of them.",
		}, []string{"outcome"}),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "productgenerator_payment_repairs_total", Help: "What comparisons with payment providers' lists mended.",
		}, []string{"what"}),
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
		m.notices, m.repairs, fundingCollector{a.funding},
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

// delivered counts one notice of a payment.
func (m *metrics) delivered(o funding.NoticeOutcome) { m.notices.WithLabelValues(string(o)).Inc() }

// repaired counts what a comparison with a payment provider's lists has mended.
func (m *metrics) repaired(r funding.Repaired) {
	m.repairs.WithLabelValues("purchases").Add(float64(r.Purchases))
	m.repairs.WithLabelValues("notices").Add(float64(r.Notices))
}

// fundingCollector shows what waits in funding's tables. It shows nothing while the database does not answer.
type fundingCollector struct{ funding *funding.Funding }

// Describe leaves it to Collect to say what there is.
func (fundingCollector) Describe(chan<- *prometheus.Desc) {}

// Collect reads the tables.
func (c fundingCollector) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	waiting, err := c.funding.Waiting(ctx)
	if err != nil {
		return
	}
	gauge := func(name, help string, value float64) {
		into <- prometheus.MustNewConstMetric(prometheus.NewDesc("productgenerator_"+name, help, nil, nil), prometheus.GaugeValue, value)
	}
	gauge("payment_notices_waiting", "Notices of payments that are not processed yet.", float64(waiting.Notices))
	gauge("payment_notices_overdue_seconds", "How long the notice that is due the longest has been due.", waiting.Overdue.Seconds())
	gauge("purchases_pending", "Purchases that may still be paid.", float64(waiting.Purchases))
	gauge("purchases_attention", "Purchases that an administrator has to look at.", float64(waiting.Attention))
}
