// Command shop is the example's service: a list of orders over HTTP, on
// SQLite or PostgreSQL. Its version is set when it is built, and each version
// reads the schema that its change set makes.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"
)

// version is set by the linker.
var version = "1.0.0"

// ordersQuery reads what the running version needs. Version 1 reads the old
// column and version 2 the new one. Version 3 reads a column that its author
// forgot to add: it never gets ready.
func ordersQuery() string {
	switch {
	case strings.HasPrefix(version, "1."):
		return "SELECT id, state FROM orders ORDER BY id"
	case strings.HasPrefix(version, "2."):
		return "SELECT id, status FROM orders ORDER BY id"
	default:
		return "SELECT id, discount_percent FROM orders ORDER BY id"
	}
}

type order struct {
	ID     int64 `json:"id"`
	Status any   `json:"status"`
}

func orders(r *http.Request, db *sql.DB) ([]order, error) {
	rows, err := db.QueryContext(r.Context(), ordersQuery())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []order
	for rows.Next() {
		var o order
		if err := rows.Scan(&o.ID, &o.Status); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

func open(url string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return sql.Open("sqlite", path)
	}
	return sql.Open("postgres", url)
}

func serve(db *sql.DB) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, version)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := orders(r, db); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		list, err := orders(r, db)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if err := json.NewEncoder(w).Encode(list); err != nil {
			log.Print(err)
		}
	})
	return mux
}

func main() {
	db, err := open(os.Getenv("SHOP_DATABASE"))
	if err != nil {
		log.Fatal("the database's URL cannot be used")
	}
	server := &http.Server{
		Addr:              os.Getenv("SHOP_LISTEN"),
		Handler:           serve(db),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("shop %s serves on %s (queue %q, cache %q)", version, server.Addr, os.Getenv("SHOP_QUEUE"), os.Getenv("SHOP_CACHE"))
	log.Fatal(server.ListenAndServe())
}
