package database

import (
	"errors"
	"strings"
	"testing"
)

func TestHideURLOfMySQL(t *testing.T) {
	t.Parallel()
	said := errors.New("orders: cannot log in with a@b:s3cret, tcp and root")
	for _, dsn := range []string{
		"mysql://root:a@b:s3cret@tcp(127.0.0.1:3306)/orders",
		"mysql://root:a@b:s3cret@unix(/run/mysqld/m.sock)/orders?tls=true",
		"mysql://root:a%40b%3As3cret@tcp(127.0.0.1:3306)/orders",
	} {
		got := HideURL(dsn, said).Error()
		if strings.Contains(got, "s3cret") || !strings.HasPrefix(got, "orders: cannot log in with ") || !strings.HasSuffix(got, ", tcp and root") {
			t.Errorf("%s: got %q", dsn, got)
		}
	}
	for _, dsn := range []string{"mysql://root@tcp(127.0.0.1:3306)/orders", "mysql://tcp(127.0.0.1:3306)/orders"} {
		if got := HideURL(dsn, said); got.Error() != said.Error() {
			t.Errorf("%s: got %q", dsn, got)
		}
	}
}
