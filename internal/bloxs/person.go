package bloxs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// maxStrings bounds what is kept of a person.
const maxStrings = 200

// FindPerson looks a person up and returns every string that Bloxs shows of
// them, in no promised order: which fields hold a name is not relied on. Any
// JSON object counts as found. Any other answer is an *Error: a 404 says that
// there is no such person, a 403 that the key may not look. It signs in if it
// must, but a token that is refused is the caller's to Renew.
func (c *Client) FindPerson(ctx context.Context, relation, kind, id string) ([]string, error) {
	token, err := c.Token(ctx)
	if err != nil {
		return nil, err
	}
	r, err := relationOf(relation)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodGet, c.address(r.LookUp, kind, id), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	a, body, err := c.call(ctx, OpLookUp, req)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK || a.HTML {
		return nil, a.AsError()
	}
	var person map[string]any
	if err := json.Unmarshal(body, &person); err != nil || person == nil {
		bad := a.AsError()
		bad.Invalid = true
		return nil, bad
	}
	return stringsIn(nil, person), nil
}

// address is that of a path, for one person.
func (c *Client) address(path, kind, id string) string {
	return c.base + path + "?" + url.Values{kind: {id}}.Encode()
}

// stringsIn gathers the strings anywhere in a JSON value.
func stringsIn(found []string, v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" && len(found) < maxStrings {
			found = append(found, v)
		}
	case []any:
		for _, one := range v {
			found = stringsIn(found, one)
		}
	case map[string]any:
		for _, one := range v {
			found = stringsIn(found, one)
		}
	}
	return found
}
