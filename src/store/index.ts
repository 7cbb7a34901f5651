export { getAccount, insertAccount, listAccounts } from './accounts.ts';
export type { AgentKeyRow, AgentKeys } from './agent-keys.ts';
export { agentKeys, serverFingerprints } from './agent-keys.ts';
export { tellAlerts } from './alerts.ts';
export type { ApiToken, NewApiToken } from './api-tokens.ts';
export { findApiToken, insertApiToken, listApiTokens, revokeApiToken } from './api-tokens.ts';
export { auditRows, getAuditHead, listAudit } from './audit.ts';
export type { ListedBundle, StoredBundle, StoredInstaller } from './bundles.ts';
export { findArtifact, getBundle, insertBundle, isInOneBundle, listBundles } from './bundles.ts';
export { type Census, takeCensus } from './census.ts';
export type { Changed, ChangeScope } from './change.ts';
export { change } from './change.ts';
export type { ChangeListener } from './change-feed.ts';
export { isConnectionLost } from './connection-lost.ts';
export type { Delivery } from './deliveries.ts';
export {
  claimDelivery,
  enqueueDelivery,
  forgetDeliveries,
  settleDelivery,
} from './deliveries.ts';
export type { EnrolmentToken, NewEnrolmentToken } from './enrolment-tokens.ts';
export {
  findEnrolmentToken,
  insertEnrolmentToken,
  listTokens,
  revokeToken,
  spendToken,
} from './enrolment-tokens.ts';
export type { Hashed } from './hashed.ts';
export type { Installation, InstallationInput } from './installation.ts';
export { ensureInstallation, getInstallation } from './installation.ts';
export { checkSchema, migrate, schemaState } from './migrate.ts';
export type { Page, Paged } from './page.ts';
export { MAX_PAGE } from './page.ts';
export { findRegionBySlug, getRegion, insertRegion, listRegions } from './regions.ts';
export type { RecordedReport } from './reports.ts';
export { recordReport } from './reports.ts';
export type { StoredCheck } from './slot-checks.ts';
export { answerCheck, askForCheck, getCheck, takeChecks } from './slot-checks.ts';
export type { KeyChange, NewSlotKey, StoredKey } from './slot-keys.ts';
export {
  confirmKey,
  findKeyByFingerprint,
  insertKey,
  isWaiting,
  listSlotKeys,
  listTunnelKeys,
  MAX_KEYS_PER_SLOT,
  removeKey,
} from './slot-keys.ts';
export type { SlotState } from './slot-states.ts';
export { getSlotState } from './slot-states.ts';
export type { RemovedSlot } from './slots.ts';
export { getSlot, insertSlot, listSlots, removeSlot, setSlotSources } from './slots.ts';
export type { NewStatement, StatementSignature, StoredStatement } from './statements.ts';
export {
  addSignature,
  findStatement,
  insertStatement,
  lastStatement,
  letStatementCount,
  listStatements,
  pendingStatements,
} from './statements.ts';
export type { SlotRevision, Store } from './store.ts';
export { openStore } from './store.ts';
export type { Tables } from './tables.ts';
export type { JoinDetails } from './tunnel-servers.ts';
export {
  findServerByCredentialId,
  findServerByJoinTokenId,
  getTunnelServer,
  insertTunnelServer,
  joinTunnelServer,
  listTunnelServers,
  renewJoinToken,
} from './tunnel-servers.ts';
export type { NewTunnel } from './tunnels.ts';
export {
  accountRegions,
  getTunnel,
  insertTunnel,
  listTunnels,
  removeTunnel,
  tunnelRemovedAt,
} from './tunnels.ts';
