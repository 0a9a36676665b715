package engine

import (
	"encoding/json"
	"strconv"
	"strings"
)

// detail makes the JSON object of a history row from names and values in turn, leaving out empty
// strings. Values are strings, integers or JSON.
func detail(pairs ...any) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		value := detailValue(pairs[i+1])
		if value == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(pairs[i].(string)))
		b.WriteByte(':')
		b.WriteString(value)
	}
	if b.Len() == 0 {
		return ""
	}
	b.WriteByte('}')
	return b.String()
}

func detailValue(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return ""
		}
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.RawMessage:
		return string(v)
	}
	return ""
}

// brief is the short form of a payload.
func brief(p Payload) string {
	_, text := showPayload(p, nil)
	return text
}

// reasonOf reads the reason out of a history row's detail.
func reasonOf(detail string) string {
	var d struct {
		By     string `json:"by"`
		Reason string `json:"reason"`
	}
	if json.Unmarshal([]byte(detail), &d) != nil || d.By == "" {
		return ""
	}
	if d.Reason == "" {
		return "by " + d.By
	}
	return d.Reason + " (by " + d.By + ")"
}
