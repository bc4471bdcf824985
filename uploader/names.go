package uploader

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// shortestWord is how many letters a word needs to tell one person from another.
const shortestWord = 3

// fillWords stand in very many names and so say nothing about whose it is.
// They count only where a name has no other word: "van" must not make every
// folder of a Van Dijk fit every Van Dam, nor one "Stichting" another.
var fillWords = []string{
	"van", "von", "der", "den", "het", "ten", "ter", "aan", "bij", "the",
	"mevrouw", "mevr", "mrs", "dhr", "heer", "fam", "familie",
	"stichting", "vereniging", "vve", "vof", "cooperatie", "maatschap", "firma", "bedrijf", "gemeente",
	"beheer", "holding", "groep", "vastgoed", "nederland",
}

// plainLetters writes out the letters that carry no separable accent.
var plainLetters = strings.NewReplacer(
	"ł", "l", "ø", "o", "đ", "d", "ð", "d", "ħ", "h", "ı", "i", "þ", "th", "æ", "ae", "œ", "oe",
)

// joiners stand inside a name that others write as one word: d'Ancona, Dancona.
var joiners = strings.NewReplacer("'", "", "’", "", "‘", "", "`", "", "-", "", "‐", "")

// sameName reports whether a folder's name can be that of the person of whom
// Bloxs knows these texts: one word of the folder is one whole word of theirs,
// case and accents aside. Whole words, since "Jan" in "Jansen" and "Berg" in
// "Bergsma" are other people; a name held for no good reason costs one
// `confirm`, a file in a stranger's record can't be taken back. A folder
// without a word to compare fits everybody.
func sameName(folder string, texts []string) bool {
	wanted := telling(words(folder))
	if len(wanted) == 0 {
		return true
	}
	for _, text := range texts {
		for _, w := range words(text) {
			if slices.Contains(wanted, w) {
				return true
			}
		}
	}
	return false
}

// words gives the words of a name, folded, also as they read without the
// apostrophes and hyphens inside it.
func words(s string) []string {
	s = fold(s)
	found := lettersOf(s)
	if joined := joiners.Replace(s); joined != s {
		found = append(found, lettersOf(joined)...)
	}
	return found
}

func lettersOf(s string) []string {
	runs := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.DeleteFunc(runs, func(w string) bool { return utf8.RuneCountInString(w) < shortestWord })
}

// telling leaves the fill words out, unless there is nothing else.
func telling(all []string) []string {
	rest := make([]string, 0, len(all))
	for _, w := range all {
		if !slices.Contains(fillWords, w) {
			rest = append(rest, w)
		}
	}
	if len(rest) == 0 {
		return all
	}
	return rest
}

// fold takes case and accents off. The compatibility form also takes ligatures
// apart, such as the Dutch ĳ. Case goes first, since that may bring marks (İ).
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(cases.Fold().String(s)))
	return plainLetters.Replace(s)
}

// Mismatch says in a bookkeeper's words why a folder with this name can't be
// that of the person of whom Bloxs knows these texts; "" if it can.
func Mismatch(folder, id string, texts []string) string {
	if folder == "" || sameName(folder, texts) {
		return ""
	}
	return mismatch(folder, id, texts)
}

func mismatch(folder, whose string, texts []string) string {
	names := namesAmong(texts)
	if len(names) == 0 {
		return fmt.Sprintf("the folder says %q, but nothing that Bloxs knows of %s has that name", clip(folder), whose)
	}
	return fmt.Sprintf("the folder says %q, but %s is %s in Bloxs", clip(folder), whose, strings.Join(names, ", "))
}

// namesAmong quotes at most three of the texts that look like a name: short, a
// capital in it, nothing but letters and what stands between names.
func namesAmong(texts []string) []string {
	var names []string
	for _, text := range texts {
		text = strings.TrimSpace(text)
		quoted := fmt.Sprintf("%q", text)
		if looksLikeName(text) && !slices.Contains(names, quoted) {
			names = append(names, quoted)
		}
		if len(names) == 3 {
			break
		}
	}
	return names
}

func looksLikeName(text string) bool {
	if len(telling(lettersOf(fold(text)))) == 0 || utf8.RuneCountInString(text) > 40 {
		return false
	}
	capital := false
	for _, r := range text {
		capital = capital || unicode.IsUpper(r) || unicode.IsTitle(r) || unicode.Is(unicode.Lo, r)
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(" .,'’-", r) {
			return false
		}
	}
	return capital
}

// clip keeps a folder's name short enough for a sentence.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
