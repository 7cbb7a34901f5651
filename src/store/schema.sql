-- The store's tables, as the migrations leave them. Nothing runs this file: it is for people, and a
-- test compares it with the migrations on SQLite and on PostgreSQL. It is valid on both.
--
-- Times are UTC milliseconds (bigint). JSON is text, so that it reads the same on both engines.
-- A yes or no is 1 or 0. Rows are not deleted: a name, port or key stays taken for good.
-- "Secret" columns hold the SHA-256 of the secret, 64 hex digits, never the secret.

-- Who runs this Culvert. One row, made at the first start; installed proxies rely on it for years.
create table installation (
  id integer not null primary key,          -- always 1
  vendor_slug text not null,                -- in file, unit and instance names on proxies; fixed
  vendor_name text not null,                -- for people; may change
  service_name text not null,               -- service, system user and dispatcher on proxies; fixed
  public_url text not null,                 -- base of every address that is printed; fixed
  created_at bigint not null,
  constraint installation_one_row check (id = 1)
);

-- A place of tunnel servers. Its row is the lock that every change in the region takes first.
create table region (
  id text not null primary key,             -- reg_…
  slug text not null unique,
  name text not null,
  login text not null,                      -- the account that tunnels log in as
  port integer not null,                    -- sshd's
  alternate_ports text not null,            -- JSON: ports that lead to sshd too
  first_tunnel_port integer not null,       -- range of tunnel ports, both ends included
  last_tunnel_port integer not null,
  bind_address text not null,               -- where tunnel ports listen
  egress_addresses text not null,           -- JSON: where the vendor's side connects from
  revision bigint not null default 1,       -- rises with each change that agents or installers must hear of
  created_at bigint not null
);

-- A host that runs sshd, and its agent.
create table tunnel_server (
  id text not null primary key,             -- srv_…
  region_id text not null references region (id),
  host text not null,
  aliases text not null,                    -- JSON: further names of the host
  join_token_id text not null unique,       -- the agent's right to join, once
  join_token_hash text not null,            -- secret
  joined_at bigint,                         -- null until the join token was used
  credential_id text unique,                -- the agent's credential, given when it joins
  credential_hash text,                     -- secret
  active_host_key text,                     -- `type blob` of the key that sshd offers
  spare_host_key text,                      -- `type blob` of the key that can take over
  mode text,                                -- sshd runs as root, or as an ordinary user
  openssh text,                             -- what `ssh -V` said
  applied bigint,                           -- the region's revision whose keys are all on disk
  reported_at bigint,                       -- when a report was last accepted
  report_boot text,                         -- names the agent's run that reported last
  report_seq bigint,                        -- number of that report in its run
  created_at bigint not null,
  constraint tunnel_server_host unique (region_id, host)
);

-- A customer of the vendor.
create table account (
  id text not null primary key,             -- acc_…
  slug text not null unique,
  name text not null,
  created_at bigint not null
);

-- One database of one account.
create table tunnel (
  id text not null primary key,             -- tun_…: whoever knows it may read the installer
  slug text not null unique,                -- names files on proxies; never used twice
  name text not null,
  account_id text not null references account (id),
  region_id text not null references region (id),
  database text not null,                   -- JSON: type, and host and port or socket, as seen from the proxy
  created_at bigint not null,
  removed_at bigint                         -- null while it is there
);
create index tunnel_by_creation on tunnel (created_at, id);

-- A place for one proxy in a tunnel; it owns a tunnel port, also once it was removed.
create table slot (
  tunnel_id text not null references tunnel (id),
  number integer not null,                  -- 1 … n in its tunnel
  region_id text not null references region (id),
  server_id text not null references tunnel_server (id),
  tunnel_port integer not null,
  source_cidr text,                         -- addresses to log in from: blocks, commas between; null: any
  removed_at bigint,                        -- null while it is there
  constraint slot_pkey primary key (tunnel_id, number),
  constraint slot_tunnel_port unique (region_id, tunnel_port)
);
create index slot_by_server on slot (server_id);

-- The right to register a key for one slot.
create table enrolment_token (
  id text not null primary key,             -- the public part of cvt_<id>_<secret>
  hash text not null,                       -- secret
  tunnel_id text not null,
  slot integer not null,
  expires_at bigint not null,
  max_uses integer not null,
  uses integer not null default 0,
  spent_by text not null default '[]',      -- JSON: fingerprints that it registered, oldest first
  source_cidr text,                         -- addresses that may use it: blocks, commas between; null: any
  confirm integer not null,                 -- 1: the key waits for the vendor's word
  created_at bigint not null,
  revoked_at bigint,
  constraint enrolment_token_slot foreign key (tunnel_id, slot) references slot (tunnel_id, number),
  constraint enrolment_token_uses check (uses <= max_uses)
);
create index enrolment_token_by_tunnel on enrolment_token (tunnel_id);

-- A proxy's public key. It belongs to its slot for good, also once it was removed.
create table slot_key (
  id text not null primary key,             -- key_…
  tunnel_id text not null,
  slot integer not null,
  fingerprint text not null unique,         -- SHA-256, 64 hex digits
  type text not null,
  blob text not null,                       -- base64
  render text not null,                     -- digest of the render that the proxy has installed
  platform text not null,                   -- linux, windows, run or hand
  revision bigint not null,                 -- the region's, at which the key, or its line, came to be
  created_at bigint not null,
  confirmed_at bigint,                      -- null: it waits, and no tunnel server has heard of it
  removed_at bigint,
  removed_revision bigint,                  -- the region's, at which the key was removed
  replaces integer not null default 0,      -- 1: when it counts, the slot's other keys go
  constraint slot_key_slot foreign key (tunnel_id, slot) references slot (tunnel_id, number)
);
create index slot_key_by_slot on slot_key (tunnel_id, slot);

-- The right of a vendor's program to use /v1.
create table api_token (
  id text not null primary key,             -- the public part of cva_<id>_<secret>
  hash text not null,                       -- secret
  name text not null,
  scopes text not null,                     -- JSON
  accounts text,                            -- JSON: ids of accounts; null: all
  expires_at bigint,                        -- null: never
  created_at bigint not null,
  revoked_at bigint
);

-- What an agent last reported of a slot. Not audited; a full report makes it anew.
create table slot_state (
  tunnel_id text not null,
  slot integer not null,
  server_id text not null references tunnel_server (id),
  boot text not null,                       -- the agent's run and the report that said so
  seq bigint not null,
  session text not null,                    -- up, down, taken or unknown
  session_id text not null,
  session_key text not null,                -- fingerprint that the session logged in with
  session_since bigint not null,            -- Unix seconds, as reported
  database text not null,                   -- unprobed, closed, silent, answers or refuses
  database_at bigint not null,              -- Unix seconds, as reported
  reason text not null,
  constraint slot_state_pkey primary key (tunnel_id, slot),
  constraint slot_state_slot foreign key (tunnel_id, slot) references slot (tunnel_id, number)
);
create index slot_state_by_server on slot_state (server_id);

-- The newest check of a slot that somebody asked for. Not audited; what is older than a minute goes.
create table slot_check (
  tunnel_id text not null,
  slot integer not null,
  id text not null,                         -- chk_…: names this one
  server_id text not null references tunnel_server (id),
  asked_at bigint not null,
  taken_at bigint,                          -- when the agent took it up; null until then
  answered_at bigint,
  answer text,                              -- JSON: what the agent saw
  constraint slot_check_pkey primary key (tunnel_id, slot),
  constraint slot_check_slot foreign key (tunnel_id, slot) references slot (tunnel_id, number)
);
create index slot_check_by_server on slot_check (server_id);

-- What a slot's installers were at a time, for good: a bundle holds all of them, and what they write.
create table bundle (
  tunnel_id text not null,
  sha256 text not null,                     -- of the tar, 64 hex digits
  slot integer not null,
  installers text not null,                 -- JSON: file, sha256 and template version of each
  input text not null,                      -- JSON: what they were rendered from
  gzip bytea not null,                      -- the tar, compressed
  created_at bigint not null,
  constraint bundle_pkey primary key (tunnel_id, sha256),
  constraint bundle_slot foreign key (tunnel_id, slot) references slot (tunnel_id, number)
);
create index bundle_by_slot on bundle (tunnel_id, slot, created_at);

-- An installer, by the digest of its bytes, which are in a bundle.
create table artifact (
  tunnel_id text not null,
  sha256 text not null,                     -- 64 hex digits
  file text not null,                       -- its name: install.sh or install.ps1
  bundle text not null,                     -- one that holds it: the first
  constraint artifact_pkey primary key (tunnel_id, sha256),
  constraint artifact_bundle foreign key (tunnel_id, bundle) references bundle (tunnel_id, sha256)
);

-- What reviewers sign: a decision on artifacts of a tunnel, or who reviews for an account and how.
create table statement (
  digest text not null primary key,         -- SHA-256 of the text, 64 hex digits
  account_id text not null references account (id),
  about text not null,                      -- id of the tunnel, or of the account
  serial integer not null,                  -- 1, 2, 3 … of what it is about
  text text not null,                       -- byte for byte as it is signed
  counts_as integer,                        -- its serial, once enough persons signed; null until then
  created_at bigint not null,
  constraint statement_serial unique (about, counts_as)
);
create index statement_by_subject on statement (about);

-- A person's signature under a statement, as ssh-keygen made it; verified before it came here.
create table statement_signature (
  statement text not null references statement (digest),
  person text not null,
  fingerprint text not null,                -- SHA-256 of the key that signed, 64 hex digits
  signature text not null,
  created_at bigint not null,
  constraint statement_signature_pkey primary key (statement, person)
);

-- What is bad now, for webhooks. A row goes when it is over.
create table alert (
  type text not null,                       -- such as tunnel.down
  about text not null,                      -- a slot as `tun_… number`, or the id of a tunnel server
  since bigint not null,
  data text not null,                       -- JSON: what is told of it
  told_at bigint,                           -- null while it may still be a reconnect
  constraint alert_pkey primary key (type, about)
);

-- Events on their way to the vendor's webhook. What was done goes after a week.
create table delivery (
  id text not null primary key,             -- evt_…: the same in every attempt
  body text not null,                       -- JSON, byte for byte as it is signed and sent
  created_at bigint not null,
  attempts integer not null,                -- that began
  next_at bigint not null,                  -- when to try next, or when an attempt counts as lost
  done_at bigint,                           -- null while it is to be tried
  result text                               -- of the last attempt
);
create index delivery_by_next on delivery (done_at, next_at);

-- Who did what: a chain, each row hashed with the one before it. Triggers, which cannot be written
-- for both engines at once, hold it so: see migrations/20261125T1930-append-only-audit.ts. The
-- next row alone can be added; no row can be changed or removed; the head is the last row.
create table audit_event (
  seq bigint not null primary key,          -- 1, 2, 3 … without a gap
  bytes text not null,                      -- the JSON that was hashed, byte for byte
  prev text not null unique,                -- hash of the row before
  hash text not null unique
);

-- The chain's end. One row; its lock is the last that a change takes.
create table audit_head (
  id integer not null primary key,          -- always 1
  seq bigint not null,
  hash text not null,
  constraint audit_head_one_row check (id = 1)
);
