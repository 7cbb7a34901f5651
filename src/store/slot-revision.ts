/** The one query of the script routes; each engine writes its parameters in its own way. */
export function slotRevisionSql(tunnelId: string, slot: string): string {
  return `select region.revision
    from slot
    join tunnel on tunnel.id = slot.tunnel_id and tunnel.removed_at is null
    join region on region.id = slot.region_id
    where slot.tunnel_id = ${tunnelId} and slot.number = ${slot} and slot.removed_at is null`;
}
