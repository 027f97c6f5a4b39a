package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/oauth2"
)

// A cache file is an object of tokens: several clients and hosts may share it.
type cache map[string]*oauth2.Token

// key names the client in a cache file, without naming it.
func (t *Tokens) key() string {
	sum := sha256.Sum256([]byte(t.config.TokenURL + "\n" + t.config.ClientID))
	return hex.EncodeToString(sum[:])
}

// load gives the token of an earlier run, nil without one.
func (t *Tokens) load() *oauth2.Token {
	if t.config.CacheFile == "" {
		return nil
	}
	return t.read()[t.key()]
}

func (t *Tokens) read() cache {
	data, err := os.ReadFile(t.config.CacheFile)
	if errors.Is(err, fs.ErrNotExist) {
		return cache{}
	}
	var kept cache
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil || kept == nil {
		t.config.Log.Warn("token_cache is not used: it cannot be read", "file", t.config.CacheFile)
		return cache{}
	}
	return kept
}

// save keeps a token for the next run. The file is replaced as a whole, so that nobody reads half of it.
func (t *Tokens) save(token *oauth2.Token) {
	if t.config.CacheFile == "" {
		return
	}
	kept := t.read()
	kept[t.key()] = token
	if err := replaceFile(t.config.CacheFile, kept); err != nil {
		t.config.Log.Warn("token_cache cannot be written: the next run asks for a token again", "reason", err)
	}
}

func replaceFile(path string, kept cache) error {
	data, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}
