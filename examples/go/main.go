// Command go is a client of the zone service in Go: it lists the zones of an account, creates one that is not there
// yet, and gets it again. Every call has a deadline and the caller's token.
//
//	go run ./examples/go -token "$TOKEN" -account "$ACCOUNT" -zone example.org
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	zonesv1 "trunkline/gen/go/controlplane/zones/v1"
	"trunkline/gen/go/controlplane/zones/v1/zonesv1connect"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:9090", "address of the internal listener")
	token := flag.String("token", os.Getenv("TRUNKLINE_TOKEN"), "API token (default: $TRUNKLINE_TOKEN)")
	account := flag.String("account", "", "id of the account")
	name := flag.String("zone", "example.org", "DNS name of the zone")
	timeout := flag.Duration("timeout", 2*time.Second, "deadline of each call")
	flag.Parse()

	zones := zonesv1connect.NewZoneServiceClient(
		plainHTTP2(),
		*url,
		connect.WithGRPC(),
		connect.WithInterceptors(bearer(*token), deadline(*timeout)),
	)
	if err := run(context.Background(), zones, *account, *name); err != nil {
		fmt.Fprintln(os.Stderr, describe(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, zones zonesv1connect.ZoneServiceClient, account, name string) error {
	list, err := zones.ListZones(ctx, connect.NewRequest(&zonesv1.ListZonesRequest{PerPage: 50}))
	if err != nil {
		return fmt.Errorf("list zones: %w", err)
	}
	for _, zone := range list.Msg.Zones {
		fmt.Println("zone", zone.Id, zone.Name)
	}

	created, err := zones.CreateZone(ctx, connect.NewRequest(&zonesv1.CreateZoneRequest{
		Name:    name,
		Account: &zonesv1.ZoneAccount{Id: account},
	}))
	if connect.CodeOf(err) == connect.CodeAlreadyExists {
		fmt.Println("exists", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("create zone: %w", err)
	}

	zone, err := zones.GetZone(ctx, connect.NewRequest(&zonesv1.GetZoneRequest{ZoneId: created.Msg.Id}))
	if err != nil {
		return fmt.Errorf("get zone: %w", err)
	}
	fmt.Println("created", zone.Msg.Id, zone.Msg.Name, zone.Msg.Status)
	return nil
}

// plainHTTP2 speaks HTTP/2 without TLS, as internal listeners do outside production.
func plainHTTP2() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

// bearer sends the token with every call.
func bearer(token string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			request.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, request)
		}
	}
}

// deadline gives every call a time in which it has to be answered, unless its context has less left. connect-go tells the
// server, which gives up by then as well.
func deadline(timeout time.Duration) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return next(ctx, request)
		}
	}
}

// describe says what went wrong: the code for the kind of failure, the reason for what exactly it was.
func describe(err error) string {
	var failure *connect.Error
	if !errors.As(err, &failure) {
		return err.Error()
	}
	for _, detail := range failure.Details() {
		value, unknown := detail.Value()
		if unknown != nil {
			continue
		}
		if info, ok := value.(*errdetails.ErrorInfo); ok {
			return fmt.Sprintf("%s (code %v, reason %s of %s)", failure.Message(), failure.Code(), info.Reason, info.Domain)
		}
	}
	return fmt.Sprintf("%s (code %v)", failure.Message(), failure.Code())
}
