package layers

import (
	"errors"
	"fmt"
)

// Code names what went wrong, for programs and translations. server maps each code to one HTTP status; the console has a
// text for each in both languages.
type Code string

const (
	CodeInvalid              Code = "invalid"               // a field of the input is wrong: Field and Reason say which and why
	CodeNotFound             Code = "not_found"             // also what the caller may not see
	CodeConflict             Code = "conflict"              // somebody else changed it first
	CodePreconditionFailed   Code = "precondition_failed"   // a client that says what it saw saw something else
	CodePreconditionRequired Code = "precondition_required" // a client has to say what it saw
	CodeForbidden            Code = "forbidden"             // the caller may see it, not do it
	CodeUnauthorized         Code = "unauthorized"          // no session, or a wrong password
	CodeRateLimited          Code = "rate_limited"          // too many tries
	CodeTooLarge             Code = "too_large"             // over a declared limit
	CodeUnavailable          Code = "unavailable"           // the database or a worker is away; try again
	CodeStorageFull          Code = "storage_full"          // no room on disk
	CodeInternal             Code = "internal"              // ours; details are in the log under the request id
)

// Error is an error that people are meant to read. Anything else that reaches the outside is shown as CodeInternal.
type Error struct {
	Code   Code
	Field  string            // the input field, in dotted form ("geometry", "items[3].name"); "" when none
	Reason string            // machine name of the reason ("self_intersection", "swapped_coordinates"): translated by clients
	Params map[string]string // what the translated reason needs ("lon": "412.0")
	Msg    string            // English sentence for logs and the command line
	Err    error             // cause, never shown outside
}

func (e *Error) Error() string {
	s := e.Msg
	if s == "" {
		s = string(e.Code)
		if e.Reason != "" {
			s += ": " + e.Reason
		}
	}
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s = fmt.Sprintf("%s: %v", s, e.Err)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an *Error with a message for people.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Invalid returns a CodeInvalid error for one field.
func Invalid(field, reason, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Reason: reason, Msg: fmt.Sprintf(format, args...)}
}

// Stale returns the CodeConflict error for a change of what somebody else has changed since it was read; field holds the revision that was seen, "" where a header does.
func Stale(field string) *Error {
	return &Error{Code: CodeConflict, Field: field, Reason: "stale_revision", Msg: "it was changed since"}
}

// In puts the place of a list's row before the field of an error: "limits.3.amount".
func In(list string, i int, err error) error {
	if e, ok := err.(*Error); ok {
		e.Field = fmt.Sprintf("%s.%d.%s", list, i, e.Field)
	}
	return err
}

// ErrorCode returns the code of err, CodeInternal for errors that are not ours, and "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
