package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// attributesText are the attributes of a run for people.
func attributesText(set map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value, err := encodeValue(set[name])
		if err != nil { // integers, floats and texts always encode
			continue
		}
		parts = append(parts, fmt.Sprintf("%s = %s", name, shorten(string(value), noteWidth)))
	}
	return strings.Join(parts, ", ")
}

// attributesJSON are the attributes of a run in machine formats: an object, null if there are none.
func attributesJSON(set map[string]any) any {
	if len(set) == 0 {
		return nil
	}
	doc := make(map[string]json.RawMessage, len(set))
	for name, value := range set {
		text, err := encodeValue(value)
		if err != nil { // integers, floats and texts always encode
			continue
		}
		doc[name] = text
	}
	return doc
}

// metricsText are the newest metrics of a run for people.
func metricsText(metrics []engine.Metric) string {
	parts := make([]string, len(metrics))
	for i, m := range metrics {
		parts[i] = fmt.Sprintf("%s = %s (%s)", m.Name, floatText(m.Value), plural(m.N+1, "point"))
	}
	return strings.Join(parts, ", ")
}

// metricsJSON are the newest metrics of a run in machine formats.
func metricsJSON(metrics []engine.Metric) any {
	docs := []json.RawMessage{}
	for _, m := range metrics {
		doc, err := encodeRow(metricColumns(), m)
		if err != nil { // as attributes do
			continue
		}
		docs = append(docs, doc)
	}
	return docs
}

// metricColumns are those of a point of a series.
func metricColumns() []column[engine.Metric] {
	return []column[engine.Metric]{
		{Name: "name", Head: "METRIC", Value: func(m engine.Metric) any { return m.Name }},
		{Name: "n", Head: "N", Value: func(m engine.Metric) any { return m.N }},
		{Name: "x", Head: "PROGRESS", Value: func(m engine.Metric) any { return progressNumber(m.X) }},
		{Name: "value", Head: "VALUE", Value: func(m engine.Metric) any { return m.Value }},
		{Name: "time", Head: "TIME", Value: func(m engine.Metric) any { return m.Time },
			Show: func(m engine.Metric) string { return m.Time.UTC().Format(eventLayout) }},
	}
}
