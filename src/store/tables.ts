import type { Generated } from 'kysely';
import type { AlertType } from '../domain/vendor-event.ts';

/**
 * The tables as Kysely sees them: the same on both engines. `schema.sql` says what each column is
 * for. Times are UTC milliseconds; JSON is text; a yes or no is 1 or 0.
 */
export interface Tables {
  installation: InstallationTable;
  region: RegionTable;
  tunnel_server: TunnelServerTable;
  account: AccountTable;
  tunnel: TunnelTable;
  slot: SlotTable;
  enrolment_token: EnrolmentTokenTable;
  slot_key: SlotKeyTable;
  api_token: ApiTokenTable;
  slot_state: SlotStateTable;
  slot_check: SlotCheckTable;
  bundle: BundleTable;
  artifact: ArtifactTable;
  statement: StatementTable;
  statement_signature: StatementSignatureTable;
  alert: AlertTable;
  delivery: DeliveryTable;
  audit_event: AuditEventTable;
  audit_head: AuditHeadTable;
}

interface InstallationTable {
  id: number;
  vendor_slug: string;
  vendor_name: string;
  service_name: string;
  public_url: string;
  created_at: number;
}

export interface RegionTable {
  id: string;
  slug: string;
  name: string;
  login: string;
  port: number;
  alternate_ports: string;
  first_tunnel_port: number;
  last_tunnel_port: number;
  bind_address: string;
  egress_addresses: string;
  revision: Generated<number>;
  created_at: number;
}

export interface TunnelServerTable {
  id: string;
  region_id: string;
  host: string;
  aliases: string;
  join_token_id: string;
  join_token_hash: string;
  joined_at: number | null;
  credential_id: string | null;
  credential_hash: string | null;
  active_host_key: string | null;
  spare_host_key: string | null;
  mode: string | null;
  openssh: string | null;
  applied: number | null;
  reported_at: number | null;
  report_boot: string | null;
  report_seq: number | null;
  created_at: number;
}

export interface AccountTable {
  id: string;
  slug: string;
  name: string;
  created_at: number;
}

export interface TunnelTable {
  id: string;
  slug: string;
  name: string;
  account_id: string;
  region_id: string;
  database: string;
  created_at: number;
  removed_at: number | null;
}

export interface SlotTable {
  tunnel_id: string;
  number: number;
  region_id: string;
  server_id: string;
  tunnel_port: number;
  source_cidr: string | null;
  removed_at: number | null;
}

export interface EnrolmentTokenTable {
  id: string;
  hash: string;
  tunnel_id: string;
  slot: number;
  expires_at: number;
  max_uses: number;
  uses: Generated<number>;
  spent_by: Generated<string>;
  source_cidr: string | null;
  confirm: number;
  created_at: number;
  revoked_at: number | null;
}

export interface SlotKeyTable {
  id: string;
  tunnel_id: string;
  slot: number;
  fingerprint: string;
  type: string;
  blob: string;
  render: string;
  platform: string;
  revision: number;
  created_at: number;
  confirmed_at: number | null;
  removed_at: number | null;
  removed_revision: number | null;
  replaces: Generated<number>;
}

export interface ApiTokenTable {
  id: string;
  hash: string;
  name: string;
  scopes: string;
  accounts: string | null;
  expires_at: number | null;
  created_at: number;
  revoked_at: number | null;
}

export interface SlotStateTable {
  tunnel_id: string;
  slot: number;
  server_id: string;
  boot: string;
  seq: number;
  session: string;
  session_id: string;
  session_key: string;
  session_since: number;
  database: string;
  database_at: number;
  reason: string;
}

interface SlotCheckTable {
  tunnel_id: string;
  slot: number;
  id: string;
  server_id: string;
  asked_at: number;
  taken_at: number | null;
  answered_at: number | null;
  answer: string | null;
}

export interface BundleTable {
  tunnel_id: string;
  sha256: string;
  slot: number;
  installers: string;
  input: string;
  gzip: Uint8Array;
  created_at: number;
}

interface ArtifactTable {
  tunnel_id: string;
  sha256: string;
  file: string;
  bundle: string;
}

export interface StatementTable {
  digest: string;
  account_id: string;
  about: string;
  serial: number;
  text: string;
  counts_as: number | null;
  created_at: number;
}

interface StatementSignatureTable {
  statement: string;
  person: string;
  fingerprint: string;
  signature: string;
  created_at: number;
}

interface AlertTable {
  type: AlertType;
  about: string;
  since: number;
  data: string;
  told_at: number | null;
}

export interface DeliveryTable {
  id: string;
  body: string;
  created_at: number;
  attempts: number;
  next_at: number;
  done_at: number | null;
  result: string | null;
}

interface AuditEventTable {
  seq: number;
  bytes: string;
  prev: string;
  hash: string;
}

interface AuditHeadTable {
  id: number;
  seq: number;
  hash: string;
}
