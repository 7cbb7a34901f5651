import { INSTALLER_FILE, type Platform } from './platform.ts';

/** Where the control plane serves a slot's installer: slot 1 has the short address. */
export function installerUrl(
  publicUrl: string,
  platform: Platform,
  tunnelId: string,
  slot: number,
): string {
  const place = slot === 1 ? '' : `/s/${slot}`;
  return `${publicUrl}/t/${tunnelId}${place}/${INSTALLER_FILE[platform]}`;
}
