package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// An authority issues certificates. `chain` is itself and what is above it, up to and with the root.
type authority struct {
	cert  *x509.Certificate
	key   crypto.Signer
	chain []*x509.Certificate
	// The CA in whose name a precertificate signing certificate (RFC 6962, section 3.1) signs; nil for a CA.
	signsFor *authority
}

// Names of the files of each authority below the folder of `init`, and what they are.
var authorityPlan = []struct {
	name, issuer string
	newKey       func() crypto.Signer
	presigner    bool
}{
	{name: "root", newKey: ecKey(elliptic.P256())},
	{name: "root-rsa", newKey: rsaKey},
	{name: "ca-p384", issuer: "root", newKey: ecKey(elliptic.P384())},
	{name: "ca-rsa", issuer: "root-rsa", newKey: rsaKey},
	{name: "ca-ed25519", issuer: "root", newKey: ed25519Key},
	{name: "sub-p521", issuer: "ca-p384", newKey: ecKey(elliptic.P521())},
	{name: "sub-p256", issuer: "ca-rsa", newKey: ecKey(elliptic.P256())},
	{name: "presigner", issuer: "ca-p384", newKey: ecKey(elliptic.P384()), presigner: true},
}

var oidPrecertificateSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}

func ecKey(curve elliptic.Curve) func() crypto.Signer {
	return func() crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }
}

func rsaKey() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) }

func ed25519Key() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

// Makes the authorities, and a certificate of 127.0.0.1 and localhost for servers that want TLS.
func initAuthorities(dir string) {
	check(os.MkdirAll(dir, 0o700))
	made := map[string]*authority{}
	var roots []byte
	for i, plan := range authorityPlan {
		key := plan.newKey()
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(int64(1000 + i)),
			Subject:               pkix.Name{Organization: []string{"Test Trust"}, CommonName: "Test " + plan.name},
			NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
			NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
			IsCA:                  true,
			BasicConstraintsValid: true,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
			SubjectKeyId:          keyID(key),
		}
		if plan.presigner {
			template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidPrecertificateSigning}
		}
		parent, above := &authority{cert: template, key: key}, []*x509.Certificate(nil)
		if plan.issuer != "" {
			parent = made[plan.issuer]
			above = parent.chain
		}
		cert := create(template, parent, key.Public())
		made[plan.name] = &authority{cert: cert, key: key, chain: append([]*x509.Certificate{cert}, above...)}
		writePEM(dir, plan.name+".pem", "CERTIFICATE", cert.Raw)
		writePEM(dir, plan.name+"-key.pem", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
		if plan.issuer == "" {
			roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
		}
	}
	check(os.WriteFile(filepath.Join(dir, "roots.pem"), roots, 0o600))

	key := ecKey(elliptic.P256())()
	server := create(&x509.Certificate{
		SerialNumber: big.NewInt(999),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  loopback(),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, made["root"], key.Public())
	writePEM(dir, "server.pem", "CERTIFICATE", server.Raw)
	writePEM(dir, "server-key.pem", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

func loadAuthorities(dir string) map[string]*authority {
	loaded := map[string]*authority{}
	for _, plan := range authorityPlan {
		a := &authority{
			cert: must(x509.ParseCertificate(readPEM(dir, plan.name+".pem"))),
			key:  must(x509.ParsePKCS8PrivateKey(readPEM(dir, plan.name+"-key.pem"))).(crypto.Signer),
		}
		a.chain = []*x509.Certificate{a.cert}
		if plan.issuer != "" {
			a.chain = append(a.chain, loaded[plan.issuer].chain...)
		}
		if plan.presigner {
			a.signsFor = loaded[plan.issuer]
		}
		loaded[plan.name] = a
	}
	return loaded
}

func create(template *x509.Certificate, issuer *authority, public crypto.PublicKey) *x509.Certificate {
	der := must(x509.CreateCertificate(rand.Reader, template, issuer.cert, public, issuer.key))
	return must(x509.ParseCertificate(der))
}

func keyID(key crypto.Signer) []byte {
	sum := sha1.Sum(must(x509.MarshalPKIXPublicKey(key.Public())))
	return sum[:]
}

func writePEM(dir, name, kind string, der []byte) {
	check(os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func readPEM(dir, name string) []byte {
	block, _ := pem.Decode(must(os.ReadFile(filepath.Join(dir, name))))
	return block.Bytes
}
