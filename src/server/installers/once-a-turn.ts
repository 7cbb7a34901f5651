/**
 * Makes one look-up serve all requests for the same thing that one turn of the event loop found
 * waiting. Each of them had arrived before the look-up began, so none can miss what was withdrawn
 * before it was sent; nothing outlives the turn.
 */
export function onceATurn<Words extends readonly (string | number)[], Found>(
  find: (...words: Words) => Promise<Found>,
): (...words: Words) => Promise<Found> {
  const turn = new Map<string, Promise<Found>>();
  const endTurn = () => turn.clear();
  return (...words) => {
    const key = words.join(' ');
    let found = turn.get(key);
    if (!found) {
      if (turn.size === 0) setImmediate(endTurn);
      found = find(...words);
      turn.set(key, found);
    }
    return found;
  };
}
