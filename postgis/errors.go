package postgis

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"wanglou/layers"
)

// Wrap turns an error of PostgreSQL or of the way to it into a *layers.Error with the cause inside. Errors that already
// are *layers.Error, a cancelled context, and errors nobody outside can do anything about (a syntax error, a missing
// right: layers.ErrorCode calls them internal) are returned as they are; nil stays nil.
func Wrap(err error) error {
	if err == nil {
		return nil
	}
	var known *layers.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if e := fromServer(pg); e != nil {
			e.Err = err
			return e
		}
		return err
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return &layers.Error{Code: layers.CodeNotFound, Msg: "there is no such row", Err: err}
	case errors.Is(err, syscall.ENOSPC):
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: err}
	case isConnectionError(err):
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "database_away", Msg: "the database cannot be reached", Err: err}
	}
	return err
}

// fromServer names the classes of SQLSTATE that people can do something about; nil for the others.
func fromServer(pg *pgconn.PgError) *layers.Error {
	switch pg.Code {
	case "23505", "23P01": // unique_violation, exclusion_violation
		return &layers.Error{Code: layers.CodeConflict, Field: keyColumns(pg), Reason: "already_exists", Msg: "there is one already"}
	case "23503": // foreign_key_violation
		return layers.Invalid(keyColumns(pg), "unknown_reference", "refers to something that does not exist, or is still referred to")
	case "23502": // not_null_violation
		return layers.Invalid(pg.ColumnName, "required", "a value is required")
	case "23514": // check_violation
		return layers.Invalid(checkedColumn(pg), "not_allowed", "the value is not allowed (%s)", pg.ConstraintName)
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return layers.Errorf(layers.CodeConflict, "somebody else is changing the same thing; try again")
	case "53100": // disk_full
		return storageFull()
	case "57014": // query_canceled: by statement_timeout, since a cancelled context was returned before
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "timeout", Msg: "the database took too long"}
	case "25006": // read_only_sql_transaction: a standby, or our own cluster while its disk is full (see Cluster)
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "read_only", Msg: "the database takes no changes now"}
	case "58030": // io_error
		if strings.Contains(pg.Message, "No space left") {
			return storageFull()
		}
	}
	switch pg.Code[:min(2, len(pg.Code))] {
	case "22": // data exception
		return layers.Invalid(pg.ColumnName, "not_a_value", "%s", pg.Message)
	case "08", "53", "57", "28", "3D": // connection, resources, operator intervention, log-in, no such database
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "database_away", Msg: "the database does not take the connection"}
	}
	if pg.Code == "25P03" || pg.Code == "25P04" { // idle-in-transaction and transaction timeouts
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "timeout", Msg: "the database took too long"}
	}
	return nil
}

func storageFull() *layers.Error {
	return layers.Errorf(layers.CodeStorageFull, "the database's disk is full: nothing is stored until there is room")
}

// isConnectionError reports whether err is about the way to the server, or the server's end in the middle of a request.
func isConnectionError(err error) bool {
	var (
		connect *pgconn.ConnectError
		network net.Error
	)
	switch {
	case errors.As(err, &connect), errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNREFUSED),
		errors.Is(err, puddle.ErrClosedPool), errors.Is(err, context.DeadlineExceeded),
		pgconn.SafeToRetry(err), pgconn.Timeout(err):
		return true
	}
	return strings.Contains(err.Error(), "conn closed")
}

// keyInDetail finds "(columns)=(values)" in a message's detail, whatever the language of the server's messages.
var keyInDetail = regexp.MustCompile(`\(([^()]+)\)=\(`)

// keyColumns returns the columns of the violated key, joined by commas; PostgreSQL has no field of its own for them.
func keyColumns(pg *pgconn.PgError) string {
	if m := keyInDetail.FindStringSubmatch(pg.Detail); m != nil {
		return strings.ReplaceAll(m[1], ", ", ",")
	}
	return pg.ColumnName
}

// checkedColumn returns the column that PostgreSQL's own naming of constraints tells: <table>_<column>_check.
func checkedColumn(pg *pgconn.PgError) string {
	if pg.ColumnName != "" {
		return pg.ColumnName
	}
	if name, ok := strings.CutSuffix(pg.ConstraintName, "_check"); ok {
		return strings.TrimPrefix(name, pg.TableName+"_")
	}
	return ""
}

// serverError returns what PostgreSQL itself said, nil for other errors.
func serverError(err error) *pgconn.PgError {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg
	}
	return nil
}
