package onvif

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wanglou/layers/alarm"
	"wanglou/layers/camera"
)

func soap(body string) []byte {
	return []byte(`<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tev="http://www.onvif.org/ver10/events/wsdl"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Header/><SOAP-ENV:Body>` + body + `</SOAP-ENV:Body></SOAP-ENV:Envelope>`)
}

func message(topic, operation, source, data string) string {
	return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">` + topic + `</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-05-01T00:00:07Z" PropertyOperation="` + operation + `"><tt:Source>` + source +
		`</tt:Source><tt:Key></tt:Key><tt:Data>` + data + `</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`
}

var pullAnswer = soap(`<tev:PullMessagesResponse><tev:CurrentTime>2026-05-01T00:00:08Z</tev:CurrentTime><tev:TerminationTime>2026-05-01T00:02:08Z</tev:TerminationTime>` +
	message("tns1:RuleEngine/FieldDetector/ObjectsInside", "Changed", `<tt:SimpleItem Name="VideoSourceConfigurationToken" Value="VS_1"/><tt:SimpleItem Name="Rule" Value="院内 1"/>`, `<tt:SimpleItem Name="IsInside" Value="true"/>`) +
	message("tns1:Device/Trigger/tnshik:DigitalInput", "Initialized", `<tt:SimpleItem Name="InputToken" Value="In_0"/>`, `<tt:SimpleItem Name="LogicalState" Value="false"/>`) +
	message("tns1:RuleEngine/LineDetector/Crossed", "", `<tt:SimpleItem Name="VideoSourceConfigurationToken" Value="VS_2"/>`, `<tt:SimpleItem Name="ObjectId" Value="4711"/>`) + `</tev:PullMessagesResponse>`)

func TestReadMessages(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 7, 0, time.UTC)
	got, err := ReadMessages(pullAnswer)
	if err != nil || !slices.Equal(got, []alarm.Signal{
		{Event: "RuleEngine/FieldDetector/ObjectsInside", Channel: "VS_1", Active: true, Text: "院内 1", Time: at},
		{Event: "Device/Trigger/DigitalInput", Channel: "In_0", Time: at},
		{Event: "RuleEngine/LineDetector/Crossed", Channel: "VS_2", Active: true, Time: at},
	}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := ReadMessages(soap(`<tev:PullMessagesResponse/>`)); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	for _, garbage := range [][]byte{nil, []byte("x"), soap(""), soap("<x/>"), bytes.Repeat([]byte(" "), MaxBody+1)} {
		if _, err := ReadMessages(garbage); err == nil {
			t.Errorf("%.60q", garbage)
		}
	}
}

func TestReadAnswers(t *testing.T) {
	t.Parallel()
	if at, ok := ReadClock(soap(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>1</tt:Hour><tt:Minute>2</tt:Minute><tt:Second>3</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>5</tt:Month><tt:Day>1</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`)); !ok || !at.Equal(time.Date(2026, 5, 1, 1, 2, 3, 0, time.UTC)) {
		t.Error(at, ok)
	}
	// A device that sends us elsewhere is asked itself.
	if path, err := ReadEvents(soap(`<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Events><tt:XAddr>http://169.254.169.254/onvif/events?x=1</tt:XAddr></tt:Events></tds:Capabilities></tds:GetCapabilitiesResponse>`)); path != "/onvif/events?x=1" || err != nil {
		t.Error(path, err)
	}
	if path, err := ReadSubscribed(soap(`<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa5:Address>http://192.168.1.64:80/onvif/Events/PullSubManager_1</wsa5:Address></tev:SubscriptionReference></tev:CreatePullPointSubscriptionResponse>`)); path != "/onvif/Events/PullSubManager_1" || err != nil {
		t.Error(path, err)
	}
	if _, err := ReadSubscribed(soap(`<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code></SOAP-ENV:Fault>`)); err != ErrLogin {
		t.Error(err)
	}
	for _, no := range []string{"", "<x/>", `<SOAP-ENV:Fault/>`, `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Events><tt:XAddr>mailto:x</tt:XAddr></tt:Events></tds:Capabilities></tds:GetCapabilitiesResponse>`} {
		if _, err := ReadEvents(soap(no)); err == nil {
			t.Errorf("%q", no)
		}
	}
}

// The digest is that of the example in ONVIF's guide for programmers.
func TestToken(t *testing.T) {
	t.Parallel()
	at := Stamp{Now: time.Date(2010, 9, 16, 7, 50, 45, 0, time.UTC)}
	nonce, err := base64.StdEncoding.DecodeString("LKqI6G/AikKCQrN0zqZFlg==")
	if err != nil || copy(at.Nonce[:], nonce) != len(nonce) {
		t.Fatal(err)
	}
	b := string(Pull(camera.Login{User: `a<"`, Password: "userpassword"}, at, "http://10.8.0.9/x?a=1&b=2"))
	for _, want := range []string{"<Username>a&lt;&#34;</Username>", ">LKqI6G/AikKCQrN0zqZFlg==<", ">tuOSpGlFlIXsozq4HFNeeGeFLEI=<", ">2010-09-16T07:50:45Z<", "/x?a=1&amp;b=2</a:To>", "PullMessagesRequest"} {
		if !strings.Contains(b, want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if strings.Contains(b, "userpassword") {
		t.Error("the password stands there in the clear")
	}
	for _, m := range [][]byte{AskClock(), AskEvents(camera.Login{User: "a"}, at), Subscribe(camera.Login{}, at, "x"), Renew(camera.Login{}, at, "x"), Unsubscribe(camera.Login{}, at, "x")} {
		d := xml.NewDecoder(bytes.NewReader(m))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", m, err)
			}
		}
	}
}

func FuzzReadMessages(f *testing.F) {
	f.Add(pullAnswer)
	f.Add(soap(`<tev:PullMessagesResponse>` + message("a:b/c:d", "Deleted", "", "") + `</tev:PullMessagesResponse>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := ReadMessages(b)
		for _, s := range all {
			if s.Event == "" || !utf8.ValidString(s.Event+s.Channel+s.Text) {
				t.Fatalf("%+v", s)
			}
		}
		_, _ = ReadEvents(b)
		_, _ = ReadClock(b)
	})
}
