import { type Static, Type } from 'typebox';
import { DATABASE_TYPES } from './database.ts';
import { DATABASE_STATES, REASONS, SESSION_STATES } from './status.ts';

/** What agent and control plane say to each other under /agent/v1, and nothing else. */
export const AGENT_PROTOCOL = 1;

/** Longest wait of one long poll, seconds. */
export const MAX_WAIT_SECONDS = 25;

const Hex = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** Neither engine of the store can hold more, and neither control characters. */
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Word = Type.String({ maxLength: 64, pattern: '^[\\x21-\\x7e]*$' });
const exact = { additionalProperties: false };

export const JoinRequestSchema = Type.Object(
  {
    join_token: Type.String({ maxLength: 64 }),
    /** `type blob` each. */
    host_keys: Type.Object(
      { active: Type.String({ maxLength: 2048 }), spare: Type.String({ maxLength: 2048 }) },
      exact,
    ),
    /** How sshd runs: as root, or as an ordinary user. */
    mode: Type.Enum(['root', 'user']),
    /** The account that tunnels log in as; must be the region's. */
    login: Type.String({ maxLength: 32 }),
    /** What `ssh -V` said. */
    openssh: Type.String({ maxLength: 120 }),
    protocol: Type.Literal(AGENT_PROTOCOL),
  },
  exact,
);
export type JoinRequest = Static<typeof JoinRequestSchema>;

export const JoinAnswerSchema = Type.Object({
  server: Type.String(),
  region: Type.Object({
    id: Type.String(),
    slug: Type.String(),
    login: Type.String(),
    port: Type.Integer(),
    first_tunnel_port: Type.Integer(),
    last_tunnel_port: Type.Integer(),
    bind_address: Type.String(),
  }),
  /** The agent's credential, shown once. */
  credential: Type.String(),
});
export type JoinAnswer = Static<typeof JoinAnswerSchema>;

/** A key that may log in, and the slot that it may listen for. */
export const AgentKeySchema = Type.Object({
  fingerprint: Hex,
  tunnel: Type.String(),
  slot: Type.Integer(),
  port: Type.Integer(),
  /** The authorized_keys line, rendered by the control plane. */
  line: Type.String(),
  database: Type.Enum([...DATABASE_TYPES]),
});
export type AgentKey = Static<typeof AgentKeySchema>;

export const AgentStateSchema = Type.Object({
  revision: Type.Integer(),
  /** As it was asked with: an answer that comes late or twice is none to the question after. Older control planes leave it out. */
  since: Type.Optional(Type.Integer()),
  /** True: `keys` is all there is. False: `keys` were added and `removed` taken away. */
  full: Type.Boolean(),
  keys: Type.Array(AgentKeySchema),
  removed: Type.Array(Hex),
  /** SHA-256 over the sorted fingerprints, a line each: lets the agent see a difference. */
  digest: Hex,
});
export type AgentState = Static<typeof AgentStateSchema>;

export const SlotReportSchema = Type.Object(
  {
    tunnel: Word,
    slot: Count,
    session: Type.Enum([...SESSION_STATES]),
    session_id: Word,
    session_key: Word,
    session_since: Count,
    database: Type.Enum([...DATABASE_STATES]),
    database_at: Count,
    reason: Type.Enum([...REASONS]),
  },
  exact,
);

export const AgentReportSchema = Type.Object(
  {
    /** Names one run of the agent. */
    boot: Word,
    /** Rises within one run; a report that arrives late is ignored. */
    seq: Count,
    /** The revision whose keys are all on disk. */
    applied: Count,
    digest: Hex,
    /** True: slots that are not listed are down. */
    full: Type.Boolean(),
    slots: Type.Array(SlotReportSchema, { maxItems: 20_000 }),
  },
  exact,
);
export type AgentReport = Static<typeof AgentReportSchema>;

export const AgentReportAnswerSchema = Type.Object({
  /** True: the control plane wants a full report next. */
  full: Type.Boolean(),
});

/** What a control plane asks an agent to look at now. Later versions may say more in either. */
export const AskedChecksSchema = Type.Object({
  checks: Type.Array(
    Type.Object({ id: Type.String(), tunnel: Type.String(), slot: Type.Integer() }),
  ),
});
export type AskedCheck = Static<typeof AskedChecksSchema>['checks'][number];

/** What an agent saw of a slot when it was asked. Times in Unix seconds, 0 for none. */
export const CheckReportSchema = Type.Object({
  /** Whether a key of the slot may log in there. */
  key: Type.Boolean(),
  /** A session that one of these keys has opened, listening or not. */
  session: Type.Enum(['up', 'down']),
  session_key: Word,
  session_since: Count,
  /** Where its client is; empty when it is not known. */
  address: Word,
  /** What has the tunnel port: that session, another program, nothing. */
  port: Type.Enum(['session', 'stranger', 'nothing']),
  database: Type.Enum([...DATABASE_STATES]),
  database_at: Count,
  reason: Type.Enum([...REASONS]),
  /** False: asked again now it would have cost too much, so this is what the last probe saw. */
  fresh: Type.Boolean(),
  /** Why the proxy's ssh could not connect, in its words: escaped, and still a peer's. */
  said: Type.String({ maxLength: 200, pattern: '^[\\x20-\\x7e]*$' }),
});
export type CheckReport = Static<typeof CheckReportSchema>;
