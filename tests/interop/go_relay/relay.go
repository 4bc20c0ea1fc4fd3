// Go's HTTP/2 client as the relay: boxes attach over TLS with their certificates, and visitors ask for CONNECT.
//
//	relay -boxes ADDRESS -visitors ADDRESS -certificate FILE -key FILE -authority FILE
//
// It prints a line for each attachment: its ALPN, the box, and the status that PUT /v1/attachment was answered with.
// SIGTERM: it says goodbye to the boxes (GOAWAY), waits for their visits, and ends.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http2"
)

type relay struct {
	sync.Mutex
	boxes []*http2.ClientConn
}

func (r *relay) attach(raw *tls.Conn) error {
	if err := raw.Handshake(); err != nil {
		return err
	}
	state := raw.ConnectionState()
	// The preface is the client's, so ours (h2-reverse): nothing else is needed to be the client of a reversed connection.
	box, err := (&http2.Transport{}).NewClientConn(raw)
	if err != nil {
		return err
	}
	seen, _, _ := net.SplitHostPort(raw.RemoteAddr().String())
	body := strings.NewReader(fmt.Sprintf(`{"seen":"%s","relay":"go"}`, seen))
	request, _ := http.NewRequest("PUT", "https://box/v1/attachment", body)
	request.Header.Set("Content-Type", "application/json")
	answer, err := box.RoundTrip(request)
	if err != nil {
		return err
	}
	r.Lock()
	r.boxes = append(r.boxes, box)
	r.Unlock()
	fmt.Println("attached", state.NegotiatedProtocol, state.PeerCertificates[0].Subject.CommonName, answer.StatusCode)
	return answer.Body.Close()
}

// The boxes in turn, so that both attachments of one are used.
func (r *relay) next() (*http2.ClientConn, error) {
	r.Lock()
	defer r.Unlock()
	for range r.boxes {
		box := r.boxes[0]
		r.boxes = append(r.boxes[1:], box)
		if box.CanTakeNewRequest() {
			return box, nil
		}
	}
	return nil, errors.New("no box is attached")
}

// What the visitor says; closed, nobody waits for more of it.
type speech struct {
	io.Reader
	visitor net.Conn
}

func (s speech) Close() error { return s.visitor.SetReadDeadline(time.Unix(1, 0)) }

// After the visitor's CONNECT the bytes go both ways, each end by itself.
func (r *relay) ServeHTTP(out http.ResponseWriter, visit *http.Request) {
	if visit.Method != "CONNECT" {
		http.Error(out, "CONNECT only", http.StatusMethodNotAllowed)
		return
	}
	box, err := r.next()
	if err != nil {
		http.Error(out, err.Error(), http.StatusServiceUnavailable)
		return
	}
	taken, buffered, err := out.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	visitor := taken.(*net.TCPConn)
	defer visitor.Close()
	answer, err := box.RoundTrip(&http.Request{
		Method: "CONNECT", URL: &url.URL{Scheme: "https", Host: visit.Host}, Host: visit.Host,
		Header: http.Header{"Forwarded": {fmt.Sprintf(`for="%s"`, visit.RemoteAddr)}},
		Body:   speech{buffered, visitor}, ContentLength: -1,
	})
	if err != nil {
		fmt.Fprintf(visitor, "HTTP/1.1 502 %s\r\n\r\n", strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	defer answer.Body.Close()
	fmt.Fprintf(visitor, "HTTP/1.1 %d From the box\r\n\r\n", answer.StatusCode)
	if answer.StatusCode != http.StatusOK {
		return
	}
	io.Copy(visitor, answer.Body)
	visitor.CloseWrite()
}

func main() {
	boxes := flag.String("boxes", "", "")
	visitors := flag.String("visitors", "", "")
	certificate := flag.String("certificate", "", "")
	key := flag.String("key", "", "")
	authority := flag.String("authority", "", "")
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	must(err)
	pem, err := os.ReadFile(*authority)
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	door, err := tls.Listen("tcp", *boxes, &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2-reverse"}})
	must(err)
	r := &relay{}
	go func() {
		for {
			raw, err := door.Accept()
			must(err)
			go func() {
				if err := r.attach(raw.(*tls.Conn)); err != nil {
					log.Print("not attached: ", err)
				}
			}()
		}
	}()
	go func() { must(http.ListenAndServe(*visitors, r)) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	until, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, box := range r.boxes {
		fmt.Println("goodbye", box.Shutdown(until))
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
