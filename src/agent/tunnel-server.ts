import type { JoinAnswer } from '../domain/agent-protocol.ts';
import { loadCatalogue, renderSshdConfig } from '../render/index.ts';
import { checkSlot } from './checks/check-slot.ts';
import { followChecks } from './checks/follow-checks.ts';
import { fetchChecks, fetchState, sendCheck, sendReport } from './control-plane.ts';
import type { Host } from './host.ts';
import { followState } from './keys/follow-state.ts';
import { openKeyFolder } from './keys/key-folder.ts';
import { KeyList } from './keys/key-list.ts';
import { ensureMembership } from './membership.ts';
import { Prober } from './probes/index.ts';
import { Reporter } from './reporter.ts';
import { readLogPosition } from './sessions/log-position.ts';
import { LoginRecords } from './sessions/login-records.ts';
import { OpenFailures } from './sessions/open-failures.ts';
import { ProbeSchedule } from './sessions/probe-schedule.ts';
import { Reconciler } from './sessions/reconciler.ts';
import { SessionLog } from './sessions/session-log.ts';
import { Sessions } from './sessions/sessions.ts';
import { slotsOf } from './sessions/slot.ts';
import { SlotWatch } from './sessions/slot-watch.ts';
import { Takeover } from './sessions/takeover.ts';
import { Watcher } from './sessions/watcher.ts';
import type { AgentSettings } from './settings.ts';
import { KeptSshd } from './sshd/kept-sshd.ts';
import { hookIn, installLoginHook, type LoginHook, removeLoginHook } from './sshd/login-hook.ts';
import { type RunningSshd, Sshd } from './sshd/sshd.ts';
import { removeRunFolder, type StateFolder } from './state-folder.ts';

/** The parts of an agent that has joined, wired up: sshd runs, nothing else yet. */
export interface TunnelServer {
  /** Does the agent's work until it is told to stop; `onFirst` is called after the first report. */
  run(onFirst: () => void): Promise<void>;
  /** Ends sshd and every session. */
  end(): Promise<void>;
}

/** Joins when it has not, puts the keys in place and has sshd: without the control plane, too. */
export async function startTunnelServer(
  settings: AgentSettings,
  host: Host,
  folder: StateFolder,
  signal: AbortSignal,
): Promise<TunnelServer> {
  const { controlPlane, log } = settings;
  const { region, credential } = await ensureMembership(settings, host, folder, signal);
  const keyFolder = await openKeyFolder(folder.keys);
  const keys = await KeyList.open(folder.keyList, keyFolder);
  const { sshd, hook } = host.sshdFolder
    ? { sshd: new KeptSshd(folder.sshdPid, log), hook: hookIn(host.sshdFolder) }
    : await startSshd(settings, host, folder, region);
  const records = hook && new LoginRecords(hook.sessions);

  const position = await readLogPosition(folder);
  const sessions = new Sessions({
    log: folder.sshdLog,
    loginUid: host.login.uid,
    master: () => sshd.pid,
  });
  sessions.restore(position.sessions);
  const watch = new SlotWatch({
    sessions,
    recorded: (port) => {
      const record = records?.read(port);
      if (record) sessions.record(record);
    },
    firstPort: region.first_tunnel_port,
    lastPort: region.last_tunnel_port,
    onChange: (row, urgent) => {
      const { tunnel, slot, session } = row;
      if (session === 'taken') log.warn({ tunnel, slot }, 'another program has a tunnel port');
      reporter.note(row, urgent);
    },
    onForbidden: (session) => reconciler.end(session, 'no key lets it listen there'),
  });
  const { port } = region;
  const known = { keys, sessions, watch, log, ...(records && { records }) };
  const reconciler = new Reconciler({ ...known, folder: keyFolder, port });
  const takeover = new Takeover({ ...known, reconciler, ...(hook && { bars: hook.bars }) });
  const reporter = new Reporter({
    rows: () => watch.rows(),
    applied: () => ({ revision: keys.revision, digest: keys.digest }),
    send: (report) => sendReport(controlPlane, credential, report, signal),
    log,
  });
  const prober = new Prober({ hasCapabilities: host.sshdFolder !== undefined });
  let slots = slotsOf(keys.all());
  const bindAddress = region.bind_address;
  const probes = new ProbeSchedule({ prober, watch, host: bindAddress, log });
  const failures = new OpenFailures();
  const watcher = new Watcher({
    folder,
    login: host.login.name,
    bindAddress,
    sessionLog: new SessionLog(folder.sshdLog, position.offset),
    sessions,
    watch,
    reconciler,
    takeover,
    ...(records && { records }),
    probes,
    failures,
    slots: () => slots,
    log,
  });
  const checked = { slots: () => slots, bindAddress, watcher, sessions, watch, probes, failures };

  return {
    async run(onFirst) {
      await watcher.look();
      const following = followState({
        keys,
        fetchState: (known) => fetchState(controlPlane, credential, known, signal),
        onRemoved: (gone) => void reconciler.revoke(gone),
        onApplied: () => {
          slots = slotsOf(keys.all());
          watcher.hurry();
          reporter.hurry();
        },
        signal,
        log,
      });
      const checks = followChecks({
        fetchChecks: () => fetchChecks(controlPlane, credential, signal),
        sendCheck: (id, report) => sendCheck(controlPlane, credential, id, report, signal),
        check: (asked) => checkSlot(asked, checked),
        signal,
        log,
      });
      const loops = {
        sshd: sshd.supervise(signal),
        watcher: watcher.run(signal),
        keys: following,
        checks,
        reports: reporter.run(signal, onFirst),
      };
      const ends = Object.entries(loops).map(([part, loop]) =>
        loop.catch((error) => {
          if (!signal.aborted) log.error({ part, reason: String(error) }, 'a part has stopped');
        }),
      );
      await Promise.all(ends);
      prober.stop();
    },
    async end() {
      // Twice: its children are told by their parent, and nobody comes in once it has ended.
      sessions.gather();
      await sshd.end();
      await sessions.endAll();
      await removeTraces(folder);
    },
  };
}

/** Takes back what lies outside the state folder. No sshd may run that needs it. */
export async function removeTraces(folder: StateFolder): Promise<void> {
  await removeLoginHook(folder);
  await removeRunFolder(folder);
}

async function startSshd(
  { listenAddress, log }: AgentSettings,
  host: Host,
  folder: StateFolder,
  region: JoinAnswer['region'],
): Promise<{ sshd: RunningSshd; hook: LoginHook | undefined }> {
  const hook = await installLoginHook(host, folder, log);
  const config = renderSshdConfig(loadCatalogue(), {
    port: region.port,
    listen_address: listenAddress,
    login: host.login.name,
    host_keys: [folder.activeHostKey],
    keys_folder: folder.keys,
    keys_user: host.keysUser.name,
    bind_address: region.bind_address,
    pid_file: folder.sshdPid,
    openssh: host.sshd.openssh,
    ...(hook && { pam_service: hook.pamService }),
  });
  const program = hook?.program ?? host.sshd.path;
  const { port } = region;
  const sshd = await Sshd.start({ host, program, folder, config, listenAddress, port, log });
  return { sshd, hook };
}
