// Package dossier makes the evidence file of a detection: a PDF for people, with all that it says attached as JSON, and a signature over every byte at its end.
// [Verify] checks one without a database: the signature, the chain of the log, and that the captures' hashes are those that the log was hashed with.
package dossier

import (
	"bytes"
	"compress/zlib"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/layers/survey/chain"
)

// Format names what the attached JSON means.
const Format = "wanglou-evidence/1"

// MaxFile is the largest evidence file that is read, bytes.
const MaxFile = 64 << 20

// Document is the attached JSON.
type Document struct {
	Format   string      `json:"format"`
	MadeAt   time.Time   `json:"made_at"`
	MadeBy   string      `json:"made_by"`
	EPSG     int         `json:"epsg"`    // of Corners: CGCS2000, 3-degree zone
	Corners  [][3]string `json:"corners"` // ring, northing, easting of each corner, metres
	Pictures []Picture   `json:"pictures"`
	File     survey.File `json:"detection"`
}

// Picture is what was cut out of one capture.
type Picture struct {
	CaptureID int64  `json:"capture_id"`
	SHA256    string `json:"sha256"` // of the picture in this file; "" where there is none
	Original  string `json:"original_sha256"`
	JPEG      []byte `json:"-"`
}

// Key signs evidence files.
type Key struct{ private ed25519.PrivateKey }

// OpenKey reads the key in a file, and makes one where there is none. The file is for the server alone.
func OpenKey(path string) (*Key, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		raw = pem.EncodeToMemory(&pem.Block{Type: "WANGLOU EVIDENCE KEY", Bytes: private.Seed()})
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) { // another process was first
			return OpenKey(path)
		}
		if err != nil {
			return nil, err
		}
		_, err = f.Write(raw)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return nil, err
		}
		return &Key{private}, nil
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || len(block.Bytes) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is no key of evidence files", path)
	}
	return &Key{ed25519.NewKeyFromSeed(block.Bytes)}, nil
}

// Public returns the half of the key that checks, in base64.
func (k *Key) Public() string {
	public, _ := k.private.Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(public)
}

// seal begins the last line: the public key, then the signature over all bytes before the line.
const seal = "\n%wanglou-seal "

// sign appends the seal. What comes after the end of a PDF is a comment to its readers.
func (k *Key) sign(pdf []byte) []byte {
	sum := sha256.Sum256(pdf)
	return fmt.Appendf(pdf, "%s%s %s\n", seal, k.Public(), base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, sum[:])))
}

// Report is what the check of a file says.
type Report struct {
	Document  *Document
	Signed    bool   // every byte is as the server with this key made it
	PublicKey string // whose seal it claims to bear
	Head      string // hash of the last row of the log
	Problems  []string
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

var attached = regexp.MustCompile(`<< /Type /EmbeddedFile /Length (\d{1,9}) /Filter /FlateDecode`)

// Verify checks an evidence file. publicKey is whose seal it has to bear, "" for anybody's. It returns an error, CodeInvalid, where the file is none at all.
func Verify(raw []byte, publicKey string) (*Report, error) {
	if len(raw) > MaxFile {
		return nil, layers.Errorf(layers.CodeTooLarge, "over %d MB", MaxFile>>20)
	}
	r := &Report{}
	bad := func(format string, args ...any) { r.Problems = append(r.Problems, fmt.Sprintf(format, args...)) }
	doc, err := readDocument(raw)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "not_evidence", Msg: "this is no evidence file", Err: err}
	}
	r.Document = doc
	r.checkSeal(raw, publicKey, bad)
	before, after := "", ""
	if doc.File.Before != nil {
		before = doc.File.Before.SHA256
	}
	if doc.File.After != nil {
		after = doc.File.After.SHA256
	}
	if r.Head, err = chain.Verify(doc.File.Number, before, after, doc.File.Log); err != nil {
		bad("the chain is broken at %v", err)
	} else if last := doc.File.Log[len(doc.File.Log)-1]; last.To != doc.File.State {
		bad("the file says %s, the chain ends at %s", doc.File.State, last.To)
	}
	for _, p := range doc.Pictures {
		for _, c := range []*survey.Flown{doc.File.Before, doc.File.After} {
			if c != nil && c.ID == p.CaptureID && c.SHA256 != p.Original {
				bad("the picture of capture %d is said to be of another original", p.CaptureID)
			}
		}
		if p.SHA256 != "" && !hasJPEG(raw, p.SHA256) {
			bad("the picture of capture %d is not the one that was made", p.CaptureID)
		}
	}
	return r, nil
}

func (r *Report) checkSeal(raw []byte, publicKey string, bad func(string, ...any)) {
	at := bytes.LastIndex(raw, []byte(seal))
	if at < 0 {
		bad("the seal is missing")
		return
	}
	var key, signature string
	if n, err := fmt.Sscanf(string(raw[at+len(seal):]), "%s %s\n", &key, &signature); n != 2 || err != nil {
		bad("the seal cannot be read")
		return
	}
	r.PublicKey = key
	public, err := base64.StdEncoding.Strict().DecodeString(key)
	sig, err2 := base64.StdEncoding.Strict().DecodeString(signature)
	sum := sha256.Sum256(raw[:at])
	switch {
	case err != nil || err2 != nil || len(public) != ed25519.PublicKeySize:
		bad("the seal cannot be read")
	case !ed25519.Verify(public, sum[:], sig):
		bad("the file was changed after it was sealed")
	case string(raw[at:]) != seal+key+" "+signature+"\n": // white space of another kind, too
		bad("something was appended after the seal")
	case publicKey != "" && publicKey != key:
		bad("the seal is another server's: %s", key)
	default:
		r.Signed = true
	}
}

// readDocument finds the attached JSON.
func readDocument(raw []byte) (*Document, error) {
	for _, m := range attached.FindAllSubmatchIndex(raw, 20) {
		n, err := strconv.Atoi(string(raw[m[2]:m[3]]))
		start := bytes.Index(raw[m[1]:], []byte("stream\n"))
		if err != nil || start < 0 || m[1]+start+7+n > len(raw) {
			continue
		}
		z, err := zlib.NewReader(bytes.NewReader(raw[m[1]+start+7 : m[1]+start+7+n]))
		if err != nil {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(z, MaxFile))
		if err != nil {
			continue
		}
		var d Document
		if err := json.Unmarshal(content, &d); err == nil && d.Format == Format {
			return &d, nil
		}
	}
	return nil, errors.New("no attached evidence")
}

// hasJPEG reports whether the file holds a picture with that SHA-256, as it is.
func hasJPEG(raw []byte, sum string) bool {
	for rest := raw; ; {
		i := bytes.Index(rest, []byte("stream\n\xff\xd8"))
		if i < 0 {
			return false
		}
		rest = rest[i+7:]
		for end := 0; ; {
			j := bytes.Index(rest[end:], []byte("\nendstream"))
			if j < 0 {
				return false
			}
			end += j
			if s := sha256.Sum256(rest[:end]); hex.EncodeToString(s[:]) == sum {
				return true
			}
			break
		}
	}
}
