package engine

import (
	"encoding/json"
	"strconv"
)

// detail makes the JSON object of a history row from names and values in turn, leaving out empty
// strings. Values are strings, integers or JSON.
func detail(pairs ...any) string {
	b := make([]byte, 1, 128)
	b[0] = '{'
	for i := 0; i+1 < len(pairs); i += 2 {
		before := len(b)
		if before > 1 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, pairs[i].(string))
		b = append(b, ':')
		name := len(b)
		if b = appendDetail(b, pairs[i+1]); len(b) == name {
			b = b[:before]
		}
	}
	if len(b) == 1 {
		return ""
	}
	return string(append(b, '}'))
}

// appendDetail appends the JSON of a value; nothing for one that is left out.
func appendDetail(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		if v == "" {
			return b
		}
		return appendText(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case json.RawMessage:
		return append(b, v...)
	}
	return b
}

// appendText appends the JSON of a text, as encoding/json has it.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			doc, err := json.Marshal(text)
			if err != nil { // a string always marshals
				return b
			}
			return append(b, doc...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
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
