package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Finds the index of each entry that has none, by get-proof-by-hash (RFC 6962 section 4.5), and verifies the inclusion proof.
func resolve(logURL, path string) {
	entries := readTruth(path)
	base := strings.TrimSuffix(logURL, "/") + "/ct/v1/"
	var head struct {
		Size uint64 `json:"tree_size"`
		Root []byte `json:"sha256_root_hash"`
	}
	get(base+"get-sth", &head)
	queue := make(chan *entry)
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for e := range queue {
				hash := rfc6962.DefaultHasher.HashLeaf(e.LeafInput)
				var found struct {
					Index uint64   `json:"leaf_index"`
					Path  [][]byte `json:"audit_path"`
				}
				query := url.Values{"hash": {base64.StdEncoding.EncodeToString(hash)}, "tree_size": {fmt.Sprint(head.Size)}}
				get(base+"get-proof-by-hash?"+query.Encode(), &found)
				check(proof.VerifyInclusion(rfc6962.DefaultHasher, found.Index, head.Size, hash, found.Path, head.Root))
				e.Index = int64(found.Index)
			}
		}()
	}
	for _, e := range entries {
		if e.Index < 0 {
			queue <- e
		}
	}
	close(queue)
	group.Wait()
	writeTruth(path, entries)
}

// The root of the tree at each of the sizes, in hex, from nothing but the truth: every index below the largest must be there, once.
func roots(path string, sizes []uint64) map[uint64]string {
	entries := readTruth(path)
	slices.SortFunc(entries, func(a, b *entry) int { return int(a.Index - b.Index) })
	slices.Sort(sizes)
	found := map[uint64]string{}
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, size := range sizes {
		for tree.End() < size {
			if tree.End() >= uint64(len(entries)) || entries[tree.End()].Index != int64(tree.End()) {
				check(fmt.Errorf("the truth has no entry, or two, at index %d", tree.End()))
			}
			check(tree.Append(rfc6962.DefaultHasher.HashLeaf(entries[tree.End()].LeafInput), nil))
		}
		root := rfc6962.DefaultHasher.EmptyRoot()
		if size > 0 {
			root = must(tree.GetRootHash(nil))
		}
		found[size] = hex.EncodeToString(root)
	}
	return found
}

func get(url string, into any) {
	response := must(http.Get(url))
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		check(fmt.Errorf("%s: %s", url, response.Status))
	}
	check(json.NewDecoder(response.Body).Decode(into))
}
