package where

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// What an expression may have at most, so that what it becomes always fits into a statement of SQLite.
const (
	maxText   = 48 << 10 // bytes; SQLite takes no longer pattern
	maxDepth  = 100      // brackets within brackets
	maxTests  = 200
	maxValues = 5000
)

// The grammar. Its tags are the syntax: @ takes a part, quotes are words of the language.
type (
	anyOf struct {
		Any []*allOf `parser:"@@ (('or' | '||') @@)*"`
	}
	allOf struct {
		All []*unary `parser:"@@ (('and' | '&&') @@)*"`
	}
	unary struct {
		Nots  []string `parser:"@('not' | '!')*"`
		Group *anyOf   `parser:"( '(' @@ ')'"`
		Test  *testing `parser:"| @@ )"`
	}
	testing struct {
		Pos    lexer.Position
		Left   *operand  `parser:"@@"`
		Null   *nullTest `parser:"( @@"`
		In     *inTest   `parser:"| @@"`
		Binary *binary   `parser:"| @@ )?"`
	}
	nullTest struct {
		Is  string `parser:"@'is'"`
		Not bool   `parser:"@'not'? 'null'"`
	}
	inTest struct {
		Not  bool       `parser:"@'not'? 'in'"`
		List []*operand `parser:"( '(' @@ (',' @@)* ')' | '[' @@ (',' @@)* ']' )"`
	}
	binary struct {
		Pos   lexer.Position
		Not   bool     `parser:"@'not'?"`
		Op    string   `parser:"@('==' | '=' | '!=' | '<>' | '<=' | '>=' | '<' | '>' | 'like' | 'contains' | 'startswith' | 'endswith')"`
		Right *operand `parser:"@@"`
	}
	operand struct {
		Pos    lexer.Position
		Text   *string `parser:"  @String"`
		Number *string `parser:"| @Number"`
		Word   *string `parser:"| @('true' | 'false' | 'null')"`
		Call   *call   `parser:"| @@"`
		Name   *string `parser:"| @Ident"`
	}
	call struct {
		Name string `parser:"@Ident '('"`
		Text string `parser:"@String ')'"`
	}
)

// syntax is the parser of the grammar.
var syntax = sync.OnceValue(func() *participle.Parser[anyOf] { //nolint:gochecknoglobals // made once, safe for concurrent use
	words := lexer.MustSimple([]lexer.SimpleRule{
		{Name: "Space", Pattern: `\s+`},
		{Name: "String", Pattern: `"(\\.|[^"\\])*"|'(\\.|[^'\\])*'`},
		{Name: "Number", Pattern: `[-+]?\d[\d_]*(\.\d+)?([eE][-+]?\d+)?`},
		{Name: "Keyword", Pattern: `(?i)(and|or|not|in|is|null|true|false|like|contains|startswith|endswith)\b`},
		{Name: "Ident", Pattern: `[\pL_][\pL\pN_.]*`},
		{Name: "Sign", Pattern: `==|!=|<>|<=|>=|&&|\|\||[-+*/%=<>!()\[\],]`},
	})
	return participle.MustBuild[anyOf](participle.Lexer(words), participle.Elide("Space"),
		participle.CaseInsensitive("Keyword"), participle.UseLookahead(2))
})

// parse makes a tree of the text.
func parse(text string) (*anyOf, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, &Error{1, "it is empty", ""}
	case len(text) > maxText:
		return nil, &Error{1, fmt.Sprintf("it has %d bytes, it must not have more than %d", len(text), maxText), ""}
	case !utf8.ValidString(text):
		return nil, &Error{1, "it is not UTF-8", ""}
	}
	if at := tooDeep(text); at > 0 {
		return nil, &Error{at, fmt.Sprintf("brackets are within more than %d others", maxDepth), ""}
	}
	tree, err := syntax().ParseString("", text)
	if err == nil {
		return tree, nil
	}
	return nil, syntaxError(text, err)
}

// tooDeep returns the position of the bracket that is within too many; 0 if none is. Those in quotes
// count, which does no harm.
func tooDeep(text string) int {
	depth, at := 0, 0
	for _, r := range text {
		at++
		switch r {
		case '(':
			if depth++; depth > maxDepth {
				return at
			}
		case ')':
			depth = max(depth-1, 0)
		}
	}
	return 0
}

// syntaxError words what the parser has found.
func syntaxError(text string, err error) error {
	at := position(text, len(text)) // of the end
	if bad, ok := errors.AsType[*participle.UnexpectedTokenError](err); ok {
		if bad.Unexpected.EOF() {
			return &Error{at, "the end comes too soon: something is missing", ""}
		}
		return &Error{position(text, bad.Unexpected.Pos.Offset), fmt.Sprintf("%s is not expected here", shown(bad.Unexpected.Value)), ""}
	}
	offset := len(text)
	if bad, ok := errors.AsType[participle.Error](err); ok {
		offset = min(bad.Position().Offset, len(text))
	}
	at = position(text, offset)
	switch rest := text[offset:]; {
	case rest == "":
		return &Error{at, "the end comes too soon: something is missing", ""}
	case rest[0] == '"' || rest[0] == '\'':
		return &Error{at, "a quote is opened here that is not closed", ""}
	default:
		r, _ := utf8.DecodeRuneInString(rest)
		return &Error{at, fmt.Sprintf("%s is not expected here", shown(string(r))), ""}
	}
}

// position is the number of the character that begins at a byte, from 1.
func position(text string, offset int) int {
	return utf8.RuneCountInString(text[:min(offset, len(text))]) + 1
}

// shown quotes what may be long.
func shown(text string) string {
	const longest = 40
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strconv.Quote(text)
}

// unquote returns what a quoted text says: a backslash takes the next character as it is, but \n and \t
// are a line end and a tab.
func unquote(quoted string) string {
	var b strings.Builder
	escaped := false
	for _, r := range quoted[1 : len(quoted)-1] {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case escaped && r == 'n':
			r = '\n'
		case escaped && r == 't':
			r = '\t'
		}
		escaped = false
		b.WriteRune(r)
	}
	return b.String()
}
