/** The line from which on an installer is the same for everyone; its head names it, too, in a comment. */
const SAME_FOR_EVERYONE = '\n  # ---- The same for everyone ';

/** An installer as its settings, with all that stands before them, and what all installers share. */
export function installerHalves(script: string): { settings: string; shared: string } {
  const end = script.indexOf(SAME_FOR_EVERYONE) + 1;
  if (end === 0) throw new Error('this installer has no settings');
  return { settings: script.slice(0, end), shared: script.slice(end) };
}
