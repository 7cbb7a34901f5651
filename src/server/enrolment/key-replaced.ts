import type { AuditEvent } from '../../domain/audit.ts';
import type { StoredKey } from '../../store/index.ts';
import { auditedKey } from './audited-key.ts';

/** The audit's event of a key that went because another one took its place. */
export function keyReplaced(
  old: StoredKey,
  { fingerprint }: StoredKey,
  { actor, from }: Pick<AuditEvent, 'actor' | 'from'>,
): AuditEvent {
  return {
    action: 'key.removed',
    actor,
    subject: old.tunnel_id,
    from,
    before: auditedKey(old),
    data: { replaced_by: fingerprint },
  };
}
