package bloxs

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"bloxdrop/internal/sealed"
	"bloxdrop/internal/wholefile"
)

// sealedFor is the token file's purpose.
const sealedFor = "kept token"

// keptToken is the token file. Owner ties the token to the address, key and
// secret that it was given for, without telling any of them.
type keptToken struct {
	Salt    []byte    `json:"salt"`
	Owner   []byte    `json:"owner"`
	Token   string    `json:"token"`
	RenewAt time.Time `json:"renew_at"`
	Expires time.Time `json:"expires"`
}

func (c *Client) owner(salt []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	// JSON keeps the parts apart: ("a","bc") isn't ("ab","c").
	_ = json.NewEncoder(mac).Encode([]string{c.base, c.cfg.APIKey, c.cfg.APISecret})
	return mac.Sum(nil)
}

// loadToken returns the token of an earlier start, or none. A file that can't
// be used costs a sign-in and no more.
func (c *Client) loadToken() token {
	if c.cfg.TokenFile == "" || c.cfg.Token != "" {
		return token{}
	}
	raw, err := os.ReadFile(c.cfg.TokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return token{}
	}
	var kept keptToken
	if err == nil {
		raw, err = sealed.Open(raw, sealedFor)
	}
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil {
		c.cfg.Log.Warn("kept token unreadable, signing in anew", "path", c.cfg.TokenFile, "err", err)
		return token{}
	}
	now := c.cfg.Now()
	if !hmac.Equal(kept.Owner, c.owner(kept.Salt)) || !plausibleToken(kept.Token) || !now.Before(kept.Expires) {
		return token{}
	}
	return token{value: kept.Token, renewAt: kept.RenewAt, expires: kept.Expires}
}

// keepToken writes the token for the next start. It may fail: the token is
// good all the same.
func (c *Client) keepToken(t token) {
	if c.cfg.TokenFile == "" || c.cfg.TokenFileOnlyRead {
		return
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	kept := keptToken{Salt: salt, Owner: c.owner(salt), Token: t.value, RenewAt: t.renewAt, Expires: t.expires}
	raw, err := json.Marshal(kept)
	if err == nil {
		raw, err = sealed.Seal(raw, sealedFor)
	}
	if err == nil {
		err = wholefile.Write(c.cfg.TokenFile, raw)
	}
	if err != nil {
		c.cfg.Log.Warn("token not kept for the next start", "path", c.cfg.TokenFile, "err", err)
	}
}
