package alarm

import (
	"slices"
	"strings"
	"unicode"
)

// Events whose purpose is to tell one person, or one person's car, from another. This system looks at places and identifies nobody: they are dropped by their name, before
// anything of them is kept or their picture is read. What devices send along with other events (plates, traits) is not read at all.
var (
	identifyingWords = []string{"face", "plate", "anpr", "lpr", "fingerprint", "iris", "idcard", "passport", "wifiprobe", "imsi"} // beginnings of words
	identifyingNames = []string{
		"vehicledetection", "vehiclematchresult", "vehiclerecognition", "vehicleblocklist", "mixedtargetdetection", "humanrecognition", "peoplerecognition", "personcomparison", "personmatch",
		"accesscontrollerevent", "accesscontrol", "humantrait", "humantraits", "persontrait", "citizenpicturecompare", "stafffind", "whitelist", "blacklist", "allowlist", "blocklist",
		"trafficjunction", "trafficgate", "trafficsnap", "trafficmanualsnap", "intelligenttraffic", "dresscode", "emotion", "attendance", "strangersdetection", "frequentlyappearpersondetection",
	}
)

// Identifies reports whether an event tells persons or cars apart, by the name that its device gives it.
func Identifies(name string) bool {
	for _, level := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == ':' || r == '.' }) {
		if slices.Contains(identifyingNames, strings.ToLower(keepLetters(level))) {
			return true
		}
	}
	for _, w := range wordsOf(name) {
		for _, begin := range identifyingWords {
			if strings.HasPrefix(w, begin) {
				return true
			}
		}
	}
	return false
}

func keepLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// wordsOf splits FaceDetection, face_detection and RuleEngine/ANPR into words of small letters: an "interface" is no face.
func wordsOf(s string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return out
}
