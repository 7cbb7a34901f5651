/**
 * Makes one look-up serve all requests for the same slot that one turn of the event loop found
 * waiting. Each of them had arrived before the look-up began, so none can miss what was withdrawn
 * before it was sent; nothing outlives the turn.
 */
export function onceATurn<T>(
  find: (tunnel: string, slot: number) => Promise<T>,
): (tunnel: string, slot: number) => Promise<T> {
  const turn = new Map<string, Promise<T>>();
  const endTurn = () => turn.clear();
  return (tunnel, slot) => {
    const key = slot === 1 ? tunnel : `${tunnel} ${slot}`;
    let found = turn.get(key);
    if (!found) {
      if (turn.size === 0) setImmediate(endTurn);
      found = find(tunnel, slot);
      turn.set(key, found);
    }
    return found;
  };
}
