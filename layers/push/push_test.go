package push

import (
	"errors"
	"strings"
	"testing"

	"wanglou/layers"
)

const (
	key    = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	secret = "BTBZMqHH6r4Tts7J_aSIgg"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	allows := func(host string) bool { return host == "push.example" || host == "push.example:8443" }
	for _, one := range []struct {
		endpoint, key, auth, device string
		field, reason               string
	}{
		{"https://push.example/send/1", key, secret, " 手机 ", "", ""},
		{"https://push.example:8443/send/1", key + "=", secret + "==", "", "", ""},
		{"", key, secret, "", "endpoint", "required"},
		{"http://push.example/send/1", key, secret, "", "endpoint", "not_a_value"},
		{"https://u:p@push.example/", key, secret, "", "endpoint", "not_a_value"},
		{"https:///x", key, secret, "", "endpoint", "not_a_value"},
		{"https://push.example/#x", key, secret, "", "endpoint", "not_a_value"},
		{"https://push.example/" + strings.Repeat("x", 1000), key, secret, "", "endpoint", "not_a_value"},
		{"https://169.254.169.254/latest", key, secret, "", "endpoint", "host_not_allowed"},
		{"https://push.example.evil.org/", key, secret, "", "endpoint", "host_not_allowed"},
		{"https://push.example/", "", secret, "", "p256dh", "not_a_value"},
		{"https://push.example/", "BC" + strings.Repeat("A", 85), secret, "", "p256dh", "not_a_value"}, // not on the curve
		{"https://push.example/", key, "BTBZ", "", "auth", "not_a_value"},
		{"https://push.example/", key, secret, strings.Repeat("机", 81), "device", "too_long"},
	} {
		s := Subscription{Endpoint: one.endpoint, P256DH: one.key, Auth: one.auth, Device: one.device}
		err := s.Validate(allows)
		var e *layers.Error
		if errors.As(err, &e); one.field == "" && err != nil || one.field != "" && (e == nil || e.Field != one.field || e.Reason != one.reason) {
			t.Errorf("%+v: %v, want %s %s", one, err, one.field, one.reason)
		}
	}
}

// FuzzValidate: whatever a browser says, it is a clear error or a subscription of an allowed host.
func FuzzValidate(f *testing.F) {
	f.Add("https://push.example/send/1", key, secret, "phone")
	f.Add("https://push.example@evil.org/", key, "AA==", "")
	f.Add("https://push.example:443\\@evil", "BA", secret, "\xff")
	f.Fuzz(func(t *testing.T, endpoint, key, auth, device string) {
		s := Subscription{Endpoint: endpoint, P256DH: key, Auth: auth, Device: device}
		err := s.Validate(func(host string) bool { return host == "push.example" })
		if err == nil && !strings.HasPrefix(strings.ToLower(endpoint), "https://push.example") || err != nil && layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%q: %v", endpoint, err)
		}
	})
}
