import { INSTALLER_FILE, type Platform } from './platform.ts';

/** Where the control plane serves what belongs to a slot: slot 1 has the short address. */
export function slotUrl(publicUrl: string, tunnelId: string, slot: number): string {
  return `${publicUrl}/t/${tunnelId}${slot === 1 ? '' : `/s/${slot}`}`;
}

/** Where the control plane serves a slot's installer. */
export function installerUrl(
  publicUrl: string,
  platform: Platform,
  tunnelId: string,
  slot: number,
): string {
  return `${slotUrl(publicUrl, tunnelId, slot)}/${INSTALLER_FILE[platform]}`;
}
