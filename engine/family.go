package engine

// Children returns a page of children, see [Host].
func (x *execution) Children(after int64) ([]Run, error) { return nil, nil }
