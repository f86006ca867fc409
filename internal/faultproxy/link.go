package faultproxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
)

// errCut ends a link on purpose.
var errCut = errors.New("the connection was cut")

// link is one client's connection and the one to the server behind it.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	fromClient     *bufio.Reader
	fromServer     *bufio.Reader

	// A message and its fault are one step: what comes the other way waits.
	step sync.Mutex
	cut  bool
}

func newLink(p *Proxy, client, server net.Conn) *link {
	return &link{
		proxy: p, client: client, server: server,
		fromClient: bufio.NewReader(client), fromServer: bufio.NewReader(server),
	}
}

// run hands messages on in both directions until both sides have left.
func (l *link) run() {
	if err := l.startup(); err != nil && !errors.Is(err, errCut) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		if l.follow(l.fromServer, Server) == nil {
			l.client.Close()
		}
	})
	if l.follow(l.fromClient, Client) == nil {
		closeWrite(l.server)
	}
	back.Wait()
}

// startup hands on what comes before messages with a letter.
func (l *link) startup() error {
	for {
		m, err := ReadStartup(l.fromClient)
		if err != nil {
			return err
		}
		if err := l.hand(m); err != nil || !m.asksForEncryption() {
			return err
		}
		answer, err := ReadAnswer(l.fromServer)
		if err != nil {
			return err
		}
		if err := l.hand(answer); err != nil {
			return err
		}
		if answer.Type != 'N' {
			return errEncrypted
		}
	}
}

// errEncrypted: nothing can be read from here on, so the connection ends.
var errEncrypted = errors.New("the server wants encryption, which the proxy cannot follow")

// follow hands a side's messages on until it leaves. Of a link that was cut it
// swallows what still comes, so that the other side is not held up by us, and
// returns errCut.
func (l *link) follow(r io.Reader, from Side) error {
	for !l.isCut() {
		m, err := Read(r, from)
		if err == nil {
			err = l.hand(m)
		}
		if err != nil && !l.isCut() {
			return nil
		}
	}
	_, _ = io.Copy(io.Discard, r)
	return errCut
}

func (l *link) isCut() bool {
	l.step.Lock()
	defer l.step.Unlock()
	return l.cut
}

// hand passes one message on, unless a fault stops it.
func (l *link) hand(m Message) error {
	l.step.Lock()
	defer l.step.Unlock()
	if l.cut {
		return errCut
	}
	fault, hit := l.proxy.pass(m)
	if !hit {
		return l.write(m)
	}
	if !fault.Before {
		if err := l.write(m); err != nil {
			return err
		}
	}
	if fault.Do != nil {
		l.do(fault, m)
	}
	switch {
	case !fault.Keep:
		l.sever(fault.Hides)
		return errCut
	case fault.Before:
		return l.write(m)
	}
	return nil
}

// do runs the fault's own harm. A client that has not said its first word has
// no session to lose, but a server that is told to end waits for that word
// (authentication_timeout, a minute), and Do for the server.
func (l *link) do(fault Fault, m Message) {
	if fault.Before && m.From == Client && m.Type == 0 {
		l.server.Close()
	}
	fault.Do()
}

func (l *link) write(m Message) error {
	to := l.server
	if m.From == Server {
		to = l.client
	}
	_, err := to.Write(m.Append(nil))
	return err
}

// sever ends the sides that are to notice. The server still reads what was
// handed on to it.
func (l *link) sever(hides Hidden) {
	l.cut = true
	if hides != HidesFromClient {
		l.client.Close()
	}
	if hides != HidesFromServer {
		closeWrite(l.server)
	}
}

// closeWrite ends a connection behind what was written to it.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // it has left already
		return
	}
	c.Close()
}
