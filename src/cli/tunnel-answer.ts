import type { Database } from '../domain/database.ts';
import type { SlotReport } from '../domain/status.ts';

/** A tunnel as the admin API gives it. */
export interface TunnelAnswer {
  id: string;
  slug: string;
  name: string;
  account: string;
  region: string;
  database: Database;
  slots: SlotAnswer[];
  /** Address of the customer's page. */
  page: string;
  command: string;
  /** Two lines; absent where the database is a Unix socket. */
  windows_command?: string;
  /** Only when a token was asked for together with the tunnel. */
  token?: string;
  token_command?: string;
  token_expires_at?: number;
  created_at: number;
  /** Of one tunnel alone. */
  installers?: { slot: number; waiting: string | null; reasons: string[] }[];
}

/** A place for one proxy, as the admin API gives it. */
export interface SlotAnswer {
  slot: number;
  host: string;
  tunnel_port: number;
  server: string;
  /** CIDR blocks that its proxy may log in from; none: any. */
  sources: string[];
  command: string;
  windows_command?: string;
  status?: SlotReport & { key: string; agent_at: number };
}
