package view

import (
	"strings"
	"testing"
)

func TestRecipients(t *testing.T) {
	t.Parallel()
	age := "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN5v2xGz2p0AEr1a"
	got := Recipients([]string{age, key + " alice at work", key, "age1pq1" + strings.Repeat("q", 1950) + "12345678", "age1\x1b[2J"})
	want := age + ", ssh-ed25519 alice at work, " + key + ", age1pq1qqqqqqqqqqqqq...12345678, " + `age1\x1b[2J`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
