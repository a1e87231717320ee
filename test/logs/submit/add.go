package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Answer of add-chain and add-pre-chain, RFC 6962 section 4.1.
type sct struct {
	Version    uint8  `json:"sct_version"`
	ID         []byte `json:"id"`
	Timestamp  int64  `json:"timestamp"`
	Extensions string `json:"extensions"`
	Signature  []byte `json:"signature"`
}

type submitter struct {
	url         string
	authorities map[string]*authority
	keys        []crypto.Signer
	truth       *truthFile
	client      *http.Client

	mutex  sync.Mutex
	report addReport
}

type addReport struct {
	Entries    int      `json:"entries"`  // in the log, and in the truth
	Repeated   int      `json:"repeated"` // submitted again: the log must answer with the SCT it gave before
	Seconds    float64  `json:"seconds"`
	Rejections []string `json:"rejections"` // what the log refused; not in the truth
}

// Submits the certificates `from` to `from+count`. Of four, three are of the plan: a certificate, a precertificate, and a
// precertificate with the certificate issued for it, which embeds the SCT that the log gave. With `onlyPlain` all are alike and cheap.
func (s *submitter) run(from, count, workers int, onlyPlain bool) addReport {
	began := time.Now()
	numbers := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range numbers {
				if err := s.submit(n, onlyPlain); err != nil {
					s.mutex.Lock()
					s.report.Rejections = append(s.report.Rejections, fmt.Sprintf("%d: %v", n, err))
					s.mutex.Unlock()
				}
			}
		}()
	}
	for n := from; n < from+count; n++ {
		numbers <- n
	}
	close(numbers)
	group.Wait()
	s.report.Seconds = time.Since(began).Seconds()
	return s.report
}

func (s *submitter) submit(n int, onlyPlain bool) error {
	if onlyPlain {
		r := planned(n*len(shapes), s.keys[:1])
		r.issuer = "root"
		return s.certificate(n, r, nil, 0)
	}
	r := planned(n, s.keys)
	switch n % 4 {
	case 0, 3:
		return s.certificate(n, r, nil, n)
	case 1:
		_, err := s.precertificate(n, r)
		return err
	default:
		given, err := s.precertificate(n, r)
		if err != nil {
			return err
		}
		return s.certificate(n, r, []*sct{given}, n)
	}
}

// One in 16 is submitted twice, with and without the root.
func repeats(n int) bool { return n%16 == 3 }

func (s *submitter) certificate(n int, r *request, embedded []*sct, pair int) error {
	issuer := s.authorities[r.issuer]
	template := r.template()
	if embedded != nil {
		template.ExtraExtensions = append(template.ExtraExtensions, sctList(embedded))
	}
	cert := create(template, issuer, r.key.Public())
	e := r.truth()
	e.Kind, e.Pair = "certificate", pair
	e.DER, e.TBS, e.SHA256 = cert.Raw, cert.RawTBSCertificate, hexSHA256(cert.Raw)
	e.Issuer = issuer.cert.Subject.CommonName
	for _, one := range embedded {
		e.SCTTimes = append(e.SCTTimes, one.Timestamp)
	}
	_, err := s.add("add-chain", n, e, issuer.chain, leaf(0, nil, cert.Raw))
	return err
}

func (s *submitter) precertificate(n int, r *request) (*sct, error) {
	signer := s.authorities[r.issuer]
	// The presigner signs for ca-p384, in half of the cases.
	if r.issuer == "ca-p384" && n%2 == 0 {
		signer = s.authorities["presigner"]
	}
	issuer := signer
	if signer.signsFor != nil {
		issuer = signer.signsFor
	}
	// What the log hashes is the TBSCertificate of the certificate to come: the same without poison, in the name of the CA.
	tbs := create(r.template(), issuer, r.key.Public()).RawTBSCertificate
	template := r.template()
	template.ExtraExtensions = append(template.ExtraExtensions,
		pkix.Extension{Id: oidPoison, Critical: true, Value: asn1.NullBytes})
	precert := create(template, signer, r.key.Public())
	keyHash := sha256.Sum256(spkiOf(issuer.cert))

	e := r.truth()
	e.Kind, e.Pair = "precertificate", n
	e.DER, e.TBS, e.SHA256 = precert.Raw, tbs, hexSHA256(precert.Raw)
	e.IssuerKeyHash = hex.EncodeToString(keyHash[:])
	e.Issuer = issuer.cert.Subject.CommonName
	return s.add("add-pre-chain", n, e, signer.chain, leaf(1, keyHash[:], tbs))
}

// Submits one chain, and writes down what was submitted and what the log promised.
func (s *submitter) add(method string, n int, e *entry, issuers []*x509.Certificate, leafInput func(*sct) []byte) (*sct, error) {
	chain := [][]byte{e.DER}
	for _, cert := range issuers {
		chain = append(chain, cert.Raw)
		e.Chain = append(e.Chain, hexSHA256(cert.Raw))
	}
	// The root may be left out: the log adds it.
	short := chain
	if len(chain) > 2 {
		short = chain[:len(chain)-1]
	}
	given, err := s.post(method, short)
	if err != nil {
		return nil, err
	}
	e.Timestamp = given.Timestamp
	e.LeafInput = leafInput(given)
	e.Index = leafIndex(given.Extensions)
	s.truth.add(e)
	s.count(&s.report.Entries)
	if !repeats(n) {
		return given, nil
	}
	again, err := s.post(method, chain)
	if err != nil {
		return nil, err
	}
	if again.Timestamp != given.Timestamp || again.Extensions != given.Extensions {
		return nil, fmt.Errorf("submitted again and got another SCT: %d then %d", given.Timestamp, again.Timestamp)
	}
	s.count(&s.report.Repeated)
	return given, nil
}

func (s *submitter) count(number *int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	*number++
}

func (s *submitter) post(method string, chain [][]byte) (*sct, error) {
	body := must(json.Marshal(map[string][][]byte{"chain": chain}))
	response, text, err := s.exchange(strings.TrimSuffix(s.url, "/")+"/ct/v1/"+method, body)
	// A connection that broke, or a server that is overloaded: logs know the chain again, and repeat their SCT.
	for tries := 1; tries < 10 && (err != nil || response.StatusCode >= 500); tries++ {
		time.Sleep(time.Duration(tries) * 100 * time.Millisecond)
		response, text, err = s.exchange(strings.TrimSuffix(s.url, "/")+"/ct/v1/"+method, body)
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %.300s", method, response.Status, text)
	}
	given := new(sct)
	return given, json.Unmarshal(text, given)
}

func (s *submitter) exchange(url string, body []byte) (*http.Response, []byte, error) {
	response, err := s.client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, text, err
}

// MerkleTreeLeaf, RFC 6962 section 3.4, but for what the SCT adds: timestamp and extensions.
func leaf(entryType uint16, issuerKeyHash, certificate []byte) func(*sct) []byte {
	return func(given *sct) []byte {
		extensions := must(base64.StdEncoding.DecodeString(given.Extensions))
		b := []byte{0, 0}
		b = binary.BigEndian.AppendUint64(b, uint64(given.Timestamp))
		b = binary.BigEndian.AppendUint16(b, entryType)
		b = append(b, issuerKeyHash...)
		b = append(b, byte(len(certificate)>>16), byte(len(certificate)>>8), byte(len(certificate)))
		b = append(b, certificate...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(extensions)))
		return append(b, extensions...)
	}
}

// leaf_index of C2SP static-ct-api: extension 0, 5 octets. -1 where the log gives none (RFC 6962); `resolve` finds it later.
func leafIndex(extensions string) int64 {
	b := must(base64.StdEncoding.DecodeString(extensions))
	if len(b) < 8 || b[0] != 0 {
		return -1
	}
	return int64(binary.BigEndian.Uint64(append([]byte{0, 0, 0}, b[3:8]...)))
}

// SignedCertificateTimestampList in an extension, RFC 6962 section 3.3.
func sctList(scts []*sct) pkix.Extension {
	var list []byte
	for _, given := range scts {
		extensions := must(base64.StdEncoding.DecodeString(given.Extensions))
		b := append([]byte{given.Version}, given.ID...)
		b = binary.BigEndian.AppendUint64(b, uint64(given.Timestamp))
		b = binary.BigEndian.AppendUint16(b, uint16(len(extensions)))
		b = append(b, extensions...)
		b = append(b, given.Signature...) // DigitallySigned, as the log gave it
		list = binary.BigEndian.AppendUint16(list, uint16(len(b)))
		list = append(list, b...)
	}
	list = append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...)
	return pkix.Extension{Id: oidSCTList, Value: must(asn1.Marshal(list))}
}
