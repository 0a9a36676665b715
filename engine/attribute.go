package engine

// set is Context.Set.
func (a *attempt) set(name string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.attributes == nil {
		a.attributes = map[string]any{}
	}
	a.attributes[name] = value
}

// measure is Context.Metric.
func (a *attempt) measure(name string, value float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.metrics = append(a.metrics, Metric{Name: name, X: a.done.Load(), Value: value})
}
