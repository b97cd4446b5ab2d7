package postgis

import (
	"context"
	"fmt"
	"strings"

	"wanglou/layers"
)

// checkSQL asks for everything in one statement that an ordinary role may run. The extension's rows are empty where its files are not
// installed; a role that is only to follow needs no right to create once the schema stands.
const checkSQL = `
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'), pg_is_in_recovery(),
  (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()),
  coalesce((SELECT extversion FROM pg_extension WHERE extname = 'postgis'), ''),
  coalesce((SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'), ''),
  coalesce((SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'postgis'), false),
  current_setting('wal_level'),
  current_setting('max_replication_slots')::int, (SELECT count(*) FROM pg_replication_slots),
  current_setting('max_wal_senders')::int, (SELECT count(*) FROM pg_stat_replication),
  current_user::text, current_database()::text, r.rolsuper, r.rolreplication OR r.rolsuper,
  coalesce(current_schema()::text, ''), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), has_database_privilege(current_database(), 'CREATE')
FROM pg_roles r WHERE r.rolname = current_user`

// checked is a row of checkSQL.
type checked struct {
	major                 int
	version               string
	standby               bool
	encoding              string
	postgis, available    string
	trusted               bool
	walLevel              string
	slots, slotsUsed      int
	senders, sendersUsed  int
	role, database        string
	superuser, replicates bool
	schema                string
	creates, createsInDB  bool
}

// Check reports everything that a server must have and this one has not, at once: a CodeUnavailable error whose text has a line for each
// thing with the command that mends it. A database that Check finds whole can be migrated and followed. Rights on a managed server
// that are not PostgreSQL's own (rds_replication and the like) are not known here: the follower will tell.
func (db *DB) Check(ctx context.Context) error {
	var c checked
	err := db.Pool.QueryRow(ctx, checkSQL).Scan(&c.major, &c.version, &c.standby, &c.encoding, &c.postgis, &c.available, &c.trusted, &c.walLevel,
		&c.slots, &c.slotsUsed, &c.senders, &c.sendersUsed, &c.role, &c.database, &c.superuser, &c.replicates, &c.schema, &c.creates, &c.createsInDB)
	if err != nil {
		return Wrap(err)
	}
	have, want, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	missing := c.missing(have >= want)
	if len(missing) == 0 {
		return nil
	}
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "database_not_ready",
		Msg: fmt.Sprintf("the database %s is not ready for Wanglou:\n  - %s", c.database, strings.Join(missing, "\n  - "))}
}

// missing lists what is not there, each with how to mend it.
func (c *checked) missing(migrated bool) []string {
	var out []string
	need := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	need(c.major >= minMajor, "PostgreSQL is %s, needed is %d or newer: upgrade the server", c.version, minMajor)
	need(!c.standby, "it is a standby and takes no changes: use the address of the primary")
	need(c.encoding == "UTF8", "its encoding is %s: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", c.encoding)
	switch {
	case c.postgis != "":
	case c.available == "":
		need(false, "the extension PostGIS is not installed: apt-get install postgresql-%d-postgis-3 on the server", c.major)
	default:
		need(c.superuser || c.trusted && c.createsInDB, "the extension PostGIS %s is installed but not in this database, and role %s may not create it: "+
			"as a superuser, CREATE EXTENSION postgis", c.available, c.role)
	}
	need(c.walLevel == "logical", "wal_level is %s: as a superuser, ALTER SYSTEM SET wal_level = 'logical', then restart the server", c.walLevel)
	need(c.replicates, "role %s may not replicate: as a superuser, ALTER ROLE %s REPLICATION", c.role, c.role)
	need(c.slotsUsed < c.slots, "all %d replication slots are taken: as a superuser, ALTER SYSTEM SET max_replication_slots = %d, then restart the server "+
		"(each node takes one)", c.slots, c.slots+10)
	need(c.sendersUsed < c.senders, "all %d WAL senders are taken: as a superuser, ALTER SYSTEM SET max_wal_senders = %d, then restart the server "+
		"(each node takes one)", c.senders, c.senders+10)
	if migrated {
		return out
	}
	need(c.schema != "", "no schema of the search path exists: CREATE SCHEMA public")
	need(c.schema == "" || c.creates, "role %s may not create tables in schema %s: as its owner, GRANT CREATE ON SCHEMA %s TO %s", c.role, c.schema, c.schema, c.role)
	need(c.createsInDB, "role %s may not create a publication: as the database's owner, GRANT CREATE ON DATABASE %s TO %s", c.role, c.database, c.role)
	return out
}
