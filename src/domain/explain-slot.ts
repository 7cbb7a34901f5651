import type { Reason } from './status.ts';

/** Why a slot is as it is, and what to do about it: a sentence each, for the vendor's operator. */
export interface Explanation {
  why: string;
  next: string;
}

/** What `explainSlot` looks at. */
export interface ExplainedSlot {
  key: string;
  session: string;
  database: string;
  reason: string;
}

export const WELL: Explanation = {
  why: 'You can query the database through it.',
  next: 'Nothing is to be done.',
};

/** The key of a proxy that was enrolled to be confirmed. */
export const KEY_WAITING: Explanation = {
  why: 'The key of its proxy waits for your word.',
  next: 'Compare its fingerprint with the customer, then: culvert key confirm, or culvert key remove.',
};

export const REASONS: Record<Exclude<Reason, ''>, Explanation> = {
  'agent-silent': {
    why: 'The agent of its tunnel server is silent, so its state is not known; it may well be up.',
    next: 'On the tunnel server: systemctl status culvert-agent. Does it reach the control plane?',
  },
  'not-enrolled': {
    why: 'No proxy has registered a key for it.',
    next: 'Give the customer the command with a token: culvert token create <tunnel>.',
  },
  'session-down': {
    why: 'Its proxy is not connected.',
    next: 'Have the customer run on the proxy: h_autossh doctor. It names the hop that is broken.',
  },
  'port-taken': {
    why: 'Something else on the tunnel server has its tunnel port.',
    next: 'On the tunnel server, as root: ss -ltnp. End what has the port; the proxy tries again.',
  },
  'connection-refused': {
    why: 'Its session is up, and its tunnel port takes no connection.',
    next: 'Look again in half a minute; if it stays so, look at the log of sshd on the tunnel server.',
  },
  'closed-at-once': {
    why: 'Its proxy is connected, and cannot reach the database.',
    next: 'Have the customer run on the proxy: h_autossh doctor. Is the database up, and let in by firewalls?',
  },
  'no-answer': {
    why: "Its proxy is connected, and what is at the database's address says nothing.",
    next: 'Is the database stuck, or a firewall dropping packets behind the proxy? Is the type right?',
  },
  'wrong-protocol': {
    why: "Something answers at the database's address, and it is not of that type.",
    next: 'Compare host, port and type with the customer; make a new tunnel if they are wrong.',
  },
  'host-refused': {
    why: "The database answers, and refuses the proxy's address.",
    next: 'Have the customer let the proxy in: for PostgreSQL a line in pg_hba.conf, for others see docs/databases.md.',
  },
  'host-blocked': {
    why: "The database blocks the proxy's address, after too many connections that broke off.",
    next: 'Have the customer unblock it there: FLUSH HOSTS. Then find out whose connections break off.',
  },
  'too-many-connections': {
    why: 'The database answers, and has too many connections already.',
    next: 'Have the customer find out who holds them. Does your application close its own?',
  },
  refused: {
    why: 'The database answers, and turns everyone away.',
    next: "Its own words are in the log of the tunnel server's agent: journalctl -u culvert-agent.",
  },
};

/** Says why a slot is as it is. A reason that a later version has is shown as it comes. */
export function explainSlot({ key, session, database, reason }: ExplainedSlot): Explanation {
  if (key === 'waiting') return KEY_WAITING;
  if (Object.hasOwn(REASONS, reason)) return REASONS[reason as Exclude<Reason, ''>];
  if (reason !== '') return { why: `It reports: ${reason}.`, next: 'Upgrade this culvert.' };
  if (session === 'up' && database === 'answers') return WELL;
  return {
    why: `Its session is ${session}, its database ${database}.`,
    next: 'Have it looked at now: culvert tunnel check.',
  };
}
