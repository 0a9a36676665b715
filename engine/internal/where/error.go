package where

import "fmt"

// Error says what is wrong with an expression.
type Error struct {
	Position int    // of the character in the expression, from 1
	Text     string // what is wrong, on one line
	Nearest  string // the name that was most likely meant; "" if none is near
}

func (e *Error) Error() string {
	text := fmt.Sprintf("at character %d: %s", e.Position, e.Text)
	if e.Nearest != "" {
		text += fmt.Sprintf("; the nearest is %q", e.Nearest)
	}
	return text
}
