package postgis

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ClusterOption changes how a cluster of our own is run.
type ClusterOption func(*clusterOptions)

type clusterOptions struct {
	volatile bool
}

// WithoutDurability runs the cluster without waiting for the disk: a crash of the machine loses it. For tests only.
func WithoutDurability() ClusterOption { return func(o *clusterOptions) { o.volatile = true } }

// conf returns the settings of a cluster that shares its machine with the program.
func (o clusterOptions) conf(socket string) string {
	shared, cached := 128, 128
	if !o.volatile {
		ram := memoryMB()
		shared, cached = min(max(ram/8, 128), 1024), max(ram/2, 256)
	}
	var b strings.Builder
	b.WriteString("# Written by wanglou before every start: use ALTER SYSTEM to change something.\n")
	set := func(name string, value any) { fmt.Fprintf(&b, "%s = '%v'\n", name, value) }
	set("listen_addresses", "")
	set("unix_socket_directories", strings.ReplaceAll(socket, "'", "''"))
	set("port", clusterPort)
	set("wal_level", "logical")
	set("max_replication_slots", 64)
	set("max_wal_senders", 64)
	set("max_connections", 300)
	set("shared_buffers", strconv.Itoa(shared)+"MB")
	set("effective_cache_size", strconv.Itoa(cached)+"MB")
	set("work_mem", "16MB")
	set("maintenance_work_mem", "64MB")
	set("random_page_cost", 1.1)
	set("max_wal_size", "1GB")
	set("wal_compression", "on")
	set("lc_messages", "C")
	// A node that dies without a word must not hold its slot, and with it the log, for ever.
	set("wal_sender_timeout", "30s")
	set("log_line_prefix", "%m [%p] %q%a ")
	if o.volatile {
		set("timezone", "UTC")
		// Commits still write the log, though nothing waits for the disk: followers are sent only what was written.
		set("fsync", "off")
		set("full_page_writes", "off")
		set("wal_compression", "off")
		set("autovacuum_naptime", "1h")
		return b.String()
	}
	// One file a weekday, each overwritten after a week.
	set("logging_collector", "on")
	set("log_directory", "log")
	set("log_filename", "postgresql-%a.log")
	set("log_truncate_on_rotation", "on")
	set("log_rotation_age", "1d")
	set("log_rotation_size", 0)
	return b.String()
}

// memoryMB returns the machine's memory, or 1 GB where /proc does not tell.
func memoryMB() int {
	b, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		if fields := strings.Fields(string(b)); len(fields) > 1 && fields[0] == "MemTotal:" {
			if kb, err := strconv.Atoi(fields[1]); err == nil {
				return kb / 1024
			}
		}
	}
	return 1024
}
