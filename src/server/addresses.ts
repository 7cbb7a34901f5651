import { installerUrl } from '../render/index.ts';
import type { ServerSettings } from './settings.ts';

/** Where a slot's files stand, and the commands that a person pastes. */
export interface SlotAddresses {
  page: string;
  script: string;
  /** Asks for the token on the terminal. */
  command: string;
}

/** Builds every address from the public URL alone, never from a request. */
export function slotAddresses(
  { publicUrl }: ServerSettings,
  tunnelId: string,
  slot: number,
): SlotAddresses {
  const page = `${publicUrl}/t/${tunnelId}`;
  const script = installerUrl(publicUrl, tunnelId, slot);
  return { page, script, command: `curl -fsSL ${script} | bash` };
}

/** The command for automation; holds the token, so it is shown once and kept nowhere. */
export function tokenCommand({ script }: SlotAddresses, token: string): string {
  return `curl -fsSL ${script} | CULVERT_TOKEN=${token} bash`;
}
