package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// values reads a list of values: words between commas, or JSON in brackets. A word may be a range of numbers:
// 1..9 (by 1), 0..1:0.1 (by 0.1) or 1..1000:x10 (each ten times the one before). A range includes its end if it
// meets it. Numbers are exact decimals: no step adds up an error.
func values(list string) (words []string, err error) {
	if strings.HasPrefix(list, "[") {
		return valuesJSON(list)
	}
	for word := range strings.SplitSeq(list, ",") {
		more, err := valueRange(word)
		if err != nil {
			return nil, err
		}
		if words = append(words, more...); len(words) > maxPoints {
			return nil, fmt.Errorf("there are more than %d values", maxPoints)
		}
	}
	return words, nil
}

// valuesJSON reads a JSON list, whose values may have commas in them.
func valuesJSON(list string) ([]string, error) {
	var docs []json.RawMessage
	if err := json.Unmarshal([]byte(list), &docs); err != nil {
		return nil, fmt.Errorf("%s is not a JSON list", list)
	}
	if len(docs) == 0 {
		return nil, errors.New("the list is empty")
	}
	words := make([]string, len(docs))
	for i, doc := range docs {
		if json.Unmarshal(doc, &words[i]) != nil {
			words[i] = string(doc)
		}
	}
	return words, nil
}

// number is a decimal number, with underscores between its digits if one likes.
const number = `[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?`

var rangePattern = regexp.MustCompile(`^(` + number + `)\.\.(` + number + `)(?::(x?)(.*))?$`)

// valueRange returns the numbers of a range, or the word itself.
func valueRange(word string) ([]string, error) {
	m := rangePattern.FindStringSubmatch(word)
	if m == nil {
		return []string{word}, nil
	}
	from, to, step := exact(m[1]), exact(m[2]), big.NewRat(1, 1)
	if strings.Contains(word, ":") {
		step = exact(m[4])
	}
	if from == nil || to == nil || step == nil {
		return nil, fmt.Errorf("%s is no range such as 1..9, 0..1:0.1 or 1..1000:x10", word)
	}
	if m[3] == "x" {
		return geometric(word, from, to, step)
	}
	if step.Sign() <= 0 || from.Cmp(to) > 0 {
		return nil, fmt.Errorf("%s leads nowhere: it must go up, by a step above 0", word)
	}
	return span(word, from, to, func(x *big.Rat) { x.Add(x, step) })
}

func geometric(word string, from, to, factor *big.Rat) ([]string, error) {
	if from.Sign() <= 0 || factor.Cmp(big.NewRat(1, 1)) <= 0 || from.Cmp(to) > 0 {
		return nil, fmt.Errorf("%s leads nowhere: it must go up from above 0, by a factor above 1", word)
	}
	return span(word, from, to, func(x *big.Rat) {
		if x.Mul(x, factor); x.Denom().BitLen() > maxBits {
			new(big.Float).SetPrec(maxBits).SetRat(x).Rat(x) // powers grow and grow
		}
	})
}

// maxBits is how exact a number is whose decimals would not end soon.
const maxBits = 256

// span returns the numbers from one to another.
func span(word string, from, to *big.Rat, next func(*big.Rat)) (words []string, err error) {
	for x := new(big.Rat).Set(from); x.Cmp(to) <= 0; next(x) {
		if len(words) == maxPoints {
			return nil, fmt.Errorf("%s has more than %d values", word, maxPoints)
		}
		words = append(words, decimal(x))
	}
	return words, nil
}

// exact reads a decimal number; nil if it is none, or has a size that no input takes.
func exact(text string) *big.Rat {
	text = strings.ReplaceAll(text, "_", "")
	if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) {
		return nil
	}
	x, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "/xXpP") {
		return nil
	}
	return x
}

// maxPlaces is how many decimals are written out: more than any input tells apart.
const maxPlaces = 30

// decimal writes a number with all its decimals.
func decimal(x *big.Rat) string {
	places, _ := x.FloatPrec()
	if places > maxPlaces {
		f, _ := x.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return x.FloatString(places)
}
