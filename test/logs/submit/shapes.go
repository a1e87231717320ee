package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"time"
)

var (
	oidSAN     = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidPoison  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}
	oidSCTList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
)

// A name as it stands in a dNSName, and what the reader promises to make of it (see `dnsNames` and `ipAddresses` of the library).
type oddName struct {
	raw   string
	names []string
	ips   []string
}

var oddNames = []oddName{
	{raw: "UPPER.Example.COM", names: []string{"upper.example.com"}},
	{raw: "trailing-dot.example.com.", names: []string{"trailing-dot.example.com"}},
	{raw: "under_score.example.com", names: []string{"under_score.example.com"}},
	{raw: "two..dots.example.com", names: []string{"two..dots.example.com"}},
	{raw: "-hyphen-.example.com", names: []string{"-hyphen-.example.com"}},
	{raw: "with space.example.com", names: []string{`with\032space.example.com`}},
	{raw: "part*ial.example.com", names: []string{"part*ial.example.com"}},
	{raw: "*.*.example.com", names: []string{"*.*.example.com"}},
	{raw: "port.example.com:8443", names: []string{"port.example.com", "port.example.com:8443"}},
	{raw: "path.example.com/index", names: []string{"path.example.com", "path.example.com/index"}},
	{raw: "nul.example.com\x00.evil.example", names: []string{"nul.example.com", `nul.example.com\000.evil.example`}},
	{raw: "192.0.2.77", ips: []string{"192.0.2.77"}},
	{raw: strings.Repeat("a", 70) + ".example.com", names: []string{strings.Repeat("a", 70) + ".example.com"}},
	{raw: "localhost", names: []string{"localhost"}},
}

// A certificate to be, without its issuer.
type request struct {
	shape      string
	commonName string
	names      []oddName // dNSName, as they stand
	ips        []string
	emails     []string
	uris       []string
	serial     *big.Int
	notBefore  time.Time
	notAfter   time.Time
	key        crypto.Signer
	issuer     string
}

func plain(names ...string) []oddName {
	list := make([]oddName, len(names))
	for i, name := range names {
		list[i] = oddName{raw: name, names: []string{name}}
	}
	return list
}

// One shape for each remainder: all keys, all issuers and all shapes meet, as their counts have no common divisor.
var shapes = []func(n, round int, r *request){
	func(n, round int, r *request) { r.shape = "plain" },
	func(n, round int, r *request) {
		r.shape = "wildcard"
		r.names = plain(fmt.Sprintf("*.w%d.example.net", n), fmt.Sprintf("w%d.example.net", n))
		r.commonName = r.names[0].raw
	},
	func(n, round int, r *request) {
		r.shape = "idn"
		r.names = plain(fmt.Sprintf("xn--bcher-kva.n%d.example.org", n), fmt.Sprintf("xn--fiqs8s.n%d.example.org", n))
		r.commonName = r.names[0].raw
	},
	func(n, round int, r *request) {
		r.shape = "ip"
		r.ips = []string{fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255), fmt.Sprintf("2001:db8::%x", n+1)}
		r.commonName = r.ips[0]
		r.names = nil
	},
	func(n, round int, r *request) {
		r.shape = "mail"
		r.emails = []string{fmt.Sprintf("user%d@example.com", n), fmt.Sprintf("User.%d@Example.COM", n)}
		r.uris = []string{fmt.Sprintf("spiffe://example.com/service/%d", n), fmt.Sprintf("https://Example.com/%d?q=1#f", n)}
	},
	func(n, round int, r *request) {
		r.shape = "many"
		for i := range 100 + n%60 {
			r.names = append(r.names, plain(fmt.Sprintf("host-%d.m%d.example.com", i, n))...)
		}
	},
	func(n, round int, r *request) {
		r.shape = "odd"
		odd := oddNames[round%len(oddNames)]
		r.names = append([]oddName{odd}, plain(fmt.Sprintf("o%d.example.com", n))...)
		r.commonName = fmt.Sprintf("o%d.example.com", n)
	},
	func(n, round int, r *request) {
		r.shape = "name-only" // no SubjectAltName at all
		r.names = nil
		r.commonName = fmt.Sprintf("Only.Name%d.example.com", n)
	},
	func(n, round int, r *request) {
		r.shape = "dates"
		r.notBefore = time.Date(1985, 4, 12, 23, 20, 50, 0, time.UTC)
		r.notAfter = time.Date(2051+n%100, 2, 28, 23, 59, 59, 0, time.UTC)
	},
	func(n, round int, r *request) {
		r.shape = "no-host-name" // a common name that is no host name, in two languages
		r.commonName = fmt.Sprintf("Łódź 東京 %d", n)
		r.names = plain(fmt.Sprintf("p%d.example.com", n))
	},
	func(n, round int, r *request) {
		r.shape = "serial"
		switch round % 3 {
		case 0:
			r.serial = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(int64(n+1))) // 20 octets
		case 1:
			r.serial = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(int64(n))) // a leading zero octet
		default:
			r.serial = big.NewInt(int64(n + 1))
		}
	},
}

var leafIssuers = []string{"ca-p384", "root", "sub-p521", "ca-rsa", "ca-ed25519", "sub-p256", "root-rsa"}

// The n-th certificate; all n have different names and serials.
func planned(n int, keys []crypto.Signer) *request {
	r := &request{
		names:     plain(fmt.Sprintf("www.p%d.example.com", n), fmt.Sprintf("p%d.example.com", n)),
		serial:    new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(n+1)), 64), big.NewInt(0x0123456789abcdef)),
		notBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second),
		notAfter:  time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second),
		key:       keys[n%len(keys)],
		issuer:    leafIssuers[n%len(leafIssuers)],
	}
	r.commonName = r.names[0].raw
	shapes[n%len(shapes)](n, n/len(shapes), r)
	return r
}

func leafKeys() []crypto.Signer {
	return []crypto.Signer{ecKey(elliptic.P256())(), rsaKey(), ecKey(elliptic.P384())(), ed25519Key(), ecKey(elliptic.P521())()}
}

func (r *request) template() *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber:          r.serial,
		Subject:               pkix.Name{CommonName: r.commonName, Organization: []string{"Subject, Inc."}, Country: []string{"XX"}},
		NotBefore:             r.notBefore,
		NotAfter:              r.notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		SubjectKeyId:          keyID(r.key),
		OCSPServer:            []string{"http://ocsp.example.com"},
		IssuingCertificateURL: []string{"http://ca.example.com/ca.der"},
		CRLDistributionPoints: []string{"http://crl.example.com/ca.crl"},
	}
	if san := r.subjectAltName(); san != nil {
		t.ExtraExtensions = []pkix.Extension{{Id: oidSAN, Value: san}}
	}
	return t
}

// Written by hand: crypto/x509 refuses the odd names that CAs have signed all the same.
func (r *request) subjectAltName() []byte {
	var list []byte
	add := func(tag int, content []byte) {
		list = append(list, must(asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: content}))...)
	}
	for _, name := range r.names {
		add(2, []byte(name.raw))
	}
	for _, ip := range r.ips {
		add(7, octetsOf(ip))
	}
	for _, mail := range r.emails {
		add(1, []byte(mail))
	}
	for _, uri := range r.uris {
		must(url.Parse(uri))
		add(6, []byte(uri))
	}
	if list == nil {
		return nil
	}
	return must(asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: list}))
}

func octetsOf(ip string) []byte {
	parsed := net.ParseIP(ip)
	if v4 := parsed.To4(); v4 != nil {
		return v4
	}
	return parsed
}

func loopback() []net.IP { return []net.IP{net.IPv4(127, 0, 0, 1).To4()} }

// What of the truth follows from the request alone.
func (r *request) truth() *entry {
	e := &entry{
		Shape:       r.shape,
		Serial:      serialOctets(r.serial),
		CommonName:  r.commonName,
		NotBefore:   r.notBefore.Format("2006-01-02T15:04:05.000Z"),
		NotAfter:    r.notAfter.Format("2006-01-02T15:04:05.000Z"),
		DNSNames:    []string{},
		IPAddresses: []string{},
		Emails:      append([]string{}, r.emails...),
		URIs:        append([]string{}, r.uris...),
		SCTTimes:    []int64{},
	}
	for _, name := range r.names {
		e.DNSNames = append(e.DNSNames, name.names...)
		e.IPAddresses = append(e.IPAddresses, name.ips...)
	}
	e.IPAddresses = append(e.IPAddresses, r.ips...)
	// A common name that is a host name comes last, once.
	if name := strings.ToLower(r.commonName); strings.Contains(name, ".") && net.ParseIP(name) == nil && !contains(e.DNSNames, name) {
		e.DNSNames = append(e.DNSNames, name)
	}
	spki := must(x509.MarshalPKIXPublicKey(r.key.Public()))
	e.SPKISHA256 = hexSHA256(spki)
	switch key := r.key.Public().(type) {
	case *rsa.PublicKey:
		e.Algorithm, e.Bits = "RSA", key.N.BitLen()
	case *ecdsa.PublicKey:
		e.Algorithm, e.Bits = "EC", key.Curve.Params().BitSize
	default:
		e.Algorithm, e.Bits = "Ed25519", 256
	}
	return e
}

// The content octets of the INTEGER: a leading zero octet where the highest bit is set.
func serialOctets(serial *big.Int) string {
	var value asn1.RawValue
	must(asn1.Unmarshal(must(asn1.Marshal(serial)), &value))
	return hex.EncodeToString(value.Bytes)
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// SubjectPublicKeyInfo of a certificate's own key.
func spkiOf(cert *x509.Certificate) []byte { return bytes.Clone(cert.RawSubjectPublicKeyInfo) }
