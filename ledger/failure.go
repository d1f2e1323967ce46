package ledger

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's codes of errors after which a transaction may be tried again as a whole.
const (
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeLockNotAvailable     = "55P03"
	codeQueryCanceled        = "57014" // the statement took too long
	codeAdminShutdown        = "57P01"
	codeCrashShutdown        = "57P02"
	codeCannotConnectNow     = "57P03"
	codeIdleInTransaction    = "25P03"
)

// errNotCommitted says that a commit was not answered and, as was found out then, has not happened.
var errNotCommitted = errors.New("the transaction was not committed")

// retryable says whether the transaction has left nothing behind and may go through when it is tried again.
func retryable(err error) bool {
	if errors.Is(err, ErrInDoubt) {
		return false
	}
	switch codeOf(err) {
	case codeSerializationFailure, codeDeadlock, codeLockNotAvailable, codeQueryCanceled, codeAdminShutdown,
		codeCrashShutdown, codeCannotConnectNow, codeIdleInTransaction:
		return true
	case "":
		return connectionLost(err)
	default:
		return false
	}
}

// concernsAll says whether the failure is nobody's fault: each change of the transaction would fail alone as well.
func concernsAll(err error) bool {
	return connectionLost(err) || isCode(err, codeLockNotAvailable) || errors.Is(err, ErrInDoubt)
}

// connectionLost says whether the database could not be reached, or stopped answering.
func connectionLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err), errors.Is(err, errNotCommitted):
		return true
	default:
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) ||
			errors.Is(err, sql.ErrConnDone) || errors.Is(err, pgx.ErrTxClosed)
	}
}

func isCode(err error, code string) bool { return codeOf(err) == code }

// codeOf is PostgreSQL's code of an error that it answered; empty: the error is not its answer.
func codeOf(err error) string {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return ""
	}
	return answer.Code
}
