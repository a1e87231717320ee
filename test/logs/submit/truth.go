package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
)

// What is known of one entry before any log was asked: from what the certificate was made of, never from reading it back.
// Index and timestamp are what the log promised in its SCT, or proved by an inclusion proof.
type entry struct {
	Index         int64    `json:"index"`
	Timestamp     int64    `json:"timestamp"` // epoch milliseconds
	Kind          string   `json:"kind"`      // certificate or precertificate
	Shape         string   `json:"shape"`     // which row of the plan it was made from
	DER           []byte   `json:"der"`       // as submitted
	TBS           []byte   `json:"tbs"`       // as the log hashes it
	LeafInput     []byte   `json:"leafInput"`
	SHA256        string   `json:"sha256"`
	IssuerKeyHash string   `json:"issuerKeyHash"` // hex; empty for a certificate
	Serial        string   `json:"serial"`        // content octets, hex
	CommonName    string   `json:"commonName"`
	Issuer        string   `json:"issuer"` // common name of the CA (of a precertificate: in whose name it is issued)
	NotBefore     string   `json:"notBefore"`
	NotAfter      string   `json:"notAfter"`
	DNSNames      []string `json:"dnsNames"` // as the documentation of dnsNames promises them
	IPAddresses   []string `json:"ipAddresses"`
	Emails        []string `json:"emailAddresses"`
	URIs          []string `json:"uris"`
	SPKISHA256    string   `json:"spkiSha256"`
	Algorithm     string   `json:"algorithm"` // RSA, EC, Ed25519
	Bits          int      `json:"bits"`
	Chain         []string `json:"chain"`    // SHA-256 of each issuer, nearest first, root last
	SCTTimes      []int64  `json:"sctTimes"` // of the embedded SCTs, all of them of this log
	Pair          int      `json:"pair"`     // equal for a precertificate and its certificate; else unique
}

// The truth is a file of JSON lines that only grows, so that a reader can follow it.
type truthFile struct {
	sync.Mutex
	file    *os.File
	encoder *json.Encoder
}

func openTruth(path string) *truthFile {
	file := must(os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	return &truthFile{file: file, encoder: json.NewEncoder(file)}
}

func (t *truthFile) add(e *entry) {
	t.Lock()
	defer t.Unlock()
	check(t.encoder.Encode(e))
}

func readTruth(path string) []*entry {
	file := must(os.Open(path))
	defer file.Close()
	var entries []*entry
	decoder := json.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	for decoder.More() {
		e := new(entry)
		check(decoder.Decode(e))
		entries = append(entries, e)
	}
	return entries
}

// Replaces the file in one step.
func writeTruth(path string, entries []*entry) {
	file := must(os.Create(path + ".new"))
	buffered := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(buffered)
	for _, e := range entries {
		check(encoder.Encode(e))
	}
	check(buffered.Flush())
	check(file.Close())
	check(os.Rename(path+".new", path))
}
