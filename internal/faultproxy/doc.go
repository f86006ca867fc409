// Package faultproxy is a TCP proxy in front of PostgreSQL that understands
// the framing of its messages. It numbers them in each direction and can do
// harm at any one: end the connection before or after it, so that the client,
// the server or both notice, or run something else, such as a restart of the
// server. Tests learn the number of messages from a dry pass and then try
// every one of them.
//
// It stands in tests alone. It sees unencrypted connections only.
//
// Source of the framing: https://www.postgresql.org/docs/current/protocol-message-formats.html
package faultproxy
