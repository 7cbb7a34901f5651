/** Where the control plane serves a slot's installer: slot 1 has the short address. */
export function installerUrl(publicUrl: string, tunnelId: string, slot: number): string {
  const place = slot === 1 ? '' : `/s/${slot}`;
  return `${publicUrl}/t/${tunnelId}${place}/install.sh`;
}
