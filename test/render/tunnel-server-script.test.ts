import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import {
  loadCatalogue,
  renderTunnelServerFiles,
  renderTunnelServerPlan,
  renderTunnelServerScript,
  type TunnelServerInput,
} from '../../src/render/index.ts';
import { TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';
import { hostileText, sampleOf } from './hostile.ts';
import { renderedOrRefused } from './rendered-or-refused.ts';
import { settingNames, settingsBlock } from './settings-block.ts';
import { runShell, splitAtNul } from './shells.ts';

const catalogue = loadCatalogue();
const PLAIN = TUNNEL_SERVERS['plain'] as TunnelServerInput;
const { manifest, bodyDigest } = templateOf(catalogue, 'tunnel-server-linux');
const scriptOf = (input: TunnelServerInput) =>
  renderTunnelServerScript(catalogue, input).bytes.toString();

/** What each setting must hold. */
function expected(input: TunnelServerInput): Record<string, string> {
  const { control_plane, listen_address, region } = input;
  const files = renderTunnelServerFiles(catalogue, input);
  return {
    TEMPLATE_VERSION: manifest.version,
    BODY_SHA256: bodyDigest,
    REGION: region.slug,
    CONTROL_PLANE: control_plane,
    LOGIN: region.login,
    SSHD_PORT: String(region.port),
    FIRST_TUNNEL_PORT: String(region.first_tunnel_port),
    LAST_TUNNEL_PORT: String(region.last_tunnel_port),
    BIND_ADDRESS: region.bind_address,
    LISTEN_ADDRESS: listen_address,
    SSHD_CONFIG: files.sshd_config,
    SSHD_CONFIG_BEFORE_9_8: files.sshd_config_before_9_8,
    CHOOSE_CONFIG: files.choose_config,
    LOGIN_HOOK: files.login_hook,
    PAM_SERVICE: files.pam_service,
    SSHD_UNIT: files.sshd_unit,
    AGENT_UNIT: files.agent_unit,
    AGENT_ENVIRONMENT: files.agent_environment,
    FOLDERS: files.folders,
    PLAN: renderTunnelServerPlan(catalogue, input),
  };
}

test('the settings are those that the test knows', () => {
  assert.deepEqual(settingNames(scriptOf(PLAIN)), Object.keys(expected(PLAIN)));
});

test('every setting that the root part needs goes there', () => {
  const [, carried = ''] = /^ {2}SETTINGS=\(\n([^)]*)\)/m.exec(scriptOf(PLAIN)) ?? [];
  const others = ['TEMPLATE_VERSION', 'BODY_SHA256', 'PLAN'];
  const wanted = settingNames(scriptOf(PLAIN)).filter((name) => !others.includes(name));
  assert.deepEqual(carried.trim().split(/\s+/), wanted);
});

/** The fields that hold text, and how to set each. */
const FIELDS: Record<string, (value: string) => TunnelServerInput> = {
  control_plane: (value) => ({ ...PLAIN, control_plane: value }),
  listen_address: (value) => ({ ...PLAIN, listen_address: value }),
  slug: (value) => ({ ...PLAIN, region: { ...PLAIN.region, slug: value } }),
  login: (value) => ({ ...PLAIN, region: { ...PLAIN.region, login: value } }),
  bind_address: (value) => ({ ...PLAIN, region: { ...PLAIN.region, bind_address: value } }),
};

test('a hostile value anywhere is refused by its field, or bash has it byte for byte', () => {
  const texts = sampleOf(hostileText, 2500);
  const nearlyPlain = ['http://a', 'https://[::1]:8080/a/~b', 'eu-1', 'Tunnel.user-1', '10.0.0.4'];
  const refused = new Set<string>();
  const scripts: string[] = [];
  const wanted: string[] = [];
  for (const [field, put] of Object.entries(FIELDS)) {
    for (const text of [...nearlyPlain, ...texts, ...texts.map((end) => `http://a${end}`)]) {
      const input = put(text);
      const script = renderedOrRefused(field, () => scriptOf(input));
      if (script === undefined) {
        refused.add(field);
        continue;
      }
      const shown = settingNames(script).map((name) => `${name} "\${${name}}"`);
      scripts.push(`${settingsBlock(script)}printf '%s\\0' ${shown.join(' ')}\n`);
      wanted.push(...Object.entries(expected(input)).flat());
    }
  }
  assert.deepEqual([...refused].sort(), Object.keys(FIELDS).sort());
  assert.ok(scripts.length > 5, `${scripts.length} rendered`);
  assert.deepEqual(splitAtNul(runShell(scripts.join(''))), wanted);
});

test('the variables of the agent are the same to a shell as they were given', () => {
  for (const input of Object.values(TUNNEL_SERVERS)) {
    const { agent_environment } = renderTunnelServerFiles(catalogue, input);
    const printed = runShell(
      `${agent_environment}printf '%s\\0' "$CULVERT_CONTROL_PLANE" "$CULVERT_LOGIN"\n`,
    );
    assert.deepEqual(splitAtNul(printed), [input.control_plane, input.region.login]);
  }
});
