package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/testing/freeport"
	schema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"

	"github.com/durable-wf/wf/bench/subject"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
	namespace   = "default"
	storeName   = "sqlite-default"
)

// server is a development server in this process: what `temporal server start-dev --db-filename` runs, without its
// web pages and metrics.
type server struct {
	temporal.Server
	store   *config.SQL
	address string
}

// startServer starts one on a file. Attributes are added to those of the connection to SQLite, and dynamic values to
// the ones that start-dev sets.
func startServer(dir string, attributes map[string]string, dynamic dynamicconfig.StaticClient) (*server, error) {
	store, err := openStore(filepath.Join(dir, "temporal.db"), attributes)
	if err != nil {
		return nil, err
	}
	conf := serverConfig(store)
	authorizer, err := authorization.GetAuthorizerFromConfig(&conf.Global.Authorization)
	if err != nil {
		return nil, err
	}
	mapper, err := authorization.GetClaimMapperFromConfig(&conf.Global.Authorization, log.NewNoopLogger())
	if err != nil {
		return nil, err
	}
	values := dynamicconfig.StaticClient{
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8096,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
	}
	maps.Copy(values, dynamic)
	srv, err := temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(conf)),
		temporal.WithLogger(log.NewNoopLogger()),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return mapper }),
		temporal.WithDynamicConfigClient(values),
	)
	if err != nil {
		return nil, err
	}
	return &server{Server: srv, store: store, address: conf.PublicClient.HostPort}, srv.Start()
}

// openStore prepares the database, as start-dev does: the schema if the file is new, and the namespace.
func openStore(path string, attributes map[string]string) (*config.SQL, error) {
	store := &config.SQL{PluginName: sqlite.PluginName, DatabaseName: path, ConnectAttributes: map[string]string{"mode": "rwc"}}
	maps.Copy(store.ConnectAttributes, attributes)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := schema.SetupSchema(store); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
	}
	ns, err := schema.NewNamespaceConfig(clusterName, namespace, false, nil)
	if err != nil {
		return nil, err
	}
	return store, schema.CreateNamespaces(store, ns)
}

func serverConfig(store *config.SQL) *config.Config {
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore: storeName, VisibilityStore: storeName, NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{storeName: {SQL: store}},
		},
		Services: map[string]config.Service{},
	}
	for _, name := range temporal.DefaultServices {
		conf.Services[name] = config.Service{RPC: config.RPC{GRPCPort: freeport.MustGetFreePort(), BindOnIP: loopback}}
	}
	conf.PublicClient.HostPort = address(conf, string(primitives.FrontendService))
	conf.Global.Membership.BroadcastAddress = loopback
	conf.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: conf.PublicClient.HostPort},
		},
	}
	conf.DCRedirectionPolicy.Policy = "noop"
	const disabled = "disabled"
	conf.Archival.History.State, conf.Archival.Visibility.State = disabled, disabled
	conf.NamespaceDefaults.Archival.History.State, conf.NamespaceDefaults.Archival.Visibility.State = disabled, disabled
	return conf
}

func address(conf *config.Config, service string) string {
	return net.JoinHostPort(loopback, strconv.Itoa(conf.Services[service].RPC.GRPCPort))
}

func hosts(conf *config.Config) map[primitives.ServiceName]static.Hosts {
	all := map[primitives.ServiceName]static.Hosts{}
	for name := range conf.Services {
		all[primitives.ServiceName(name)] = static.SingleLocalHost(address(conf, name))
	}
	return all
}

// connection returns a pool of the server's own: its plugin shares one among all who open the same store.
func (s *server) connection() (subject.Rower, error) {
	db, err := sql.NewSQLDB(sqlplugin.DbKindMain, s.store, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, err
	}
	return subject.Inside(db)
}
