package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Proxy listens on a port of the loopback and hands on to one server.
type Proxy struct {
	network, address string // of the server
	listener         net.Listener
	links            sync.WaitGroup

	mu     sync.Mutex
	fault  Fault
	seen   map[Side][]Message
	done   *Message // the message at which the fault happened
	open   map[net.Conn]bool
	closed bool
}

// Start begins to listen in front of the server at address.
func Start(ctx context.Context, network, address string) (*Proxy, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	p := &Proxy{network: network, address: address, listener: listener, seen: map[Side][]Message{}, open: map[net.Conn]bool{}}
	p.links.Go(p.accept)
	return p, nil
}

// Address is where clients connect to.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Arm counts from the beginning, and does harm once. The zero fault does none.
// Connections that an earlier fault left hanging go on hanging.
func (p *Proxy) Arm(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.done, p.seen = f, nil, map[Side][]Message{}
}

// Seen lists what a side has sent since Arm, over all connections, in order.
func (p *Proxy) Seen(from Side) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Message(nil), p.seen[from]...)
}

// Happened returns the message at which the fault of the last Arm happened.
func (p *Proxy) Happened() (Message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		return Message{}, false
	}
	return *p.done, true
}

// Close ends the proxy and all of its connections, and waits for them. Closing
// twice is harmless.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.links.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.links.Go(func() { p.serve(client) })
	}
}

// serve connects a client; a server that cannot be reached is a connection
// that ends at once.
func (p *Proxy) serve(client net.Conn) {
	defer p.forget(client)
	if !p.keep(client) {
		return
	}
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), p.network, p.address)
	if err != nil {
		return
	}
	defer p.forget(server)
	if !p.keep(server) {
		return
	}
	newLink(p, client, server).run()
}

// keep reports whether the proxy goes on; then Close ends the connection.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	return !p.closed
}

func (p *Proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// pass counts a message and returns the fault if it is to happen at it.
func (p *Proxy) pass(m Message) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[m.From] = append(p.seen[m.From], m)
	hit := p.done == nil && m.From == p.fault.From && p.fault.meant(m, len(p.seen[m.From]))
	if hit {
		p.done = &m
	}
	return p.fault, hit
}
