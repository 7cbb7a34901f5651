import { createHash } from 'node:crypto';

/** The page's style: the reader's own fonts and colours, light or dark. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #8884; --quiet: #8881; --good: #1a7f37; --bad: #b42318; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p, li { margin: .35rem 0; }
pre { background: var(--quiet); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .8rem;
  overflow-x: auto; user-select: all; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: .5rem 0; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
.quiet { opacity: .75; }
[data-good="yes"] { color: var(--good); } [data-good="no"] { color: var(--bad); }
@media (prefers-color-scheme: dark) { :root { --good: #57c26e; --bad: #ff8a7a; } }
`;

/** Keeps the status on the page fresh. Values arrive as text and are shown as text. */
export const PAGE_SCRIPT = `
const base = location.pathname.replace(/\\/$/, '');
const good = { active: 'yes', up: 'yes', answers: 'yes', removed: 'no', taken: 'no', refuses: 'no' };
async function refresh(list) {
  try {
    const answer = await fetch(base + '/v1/status?slot=' + list.dataset.slot, {
      headers: { accept: 'application/json' }, cache: 'no-store',
    });
    if (!answer.ok) return;
    const status = await answer.json();
    for (const item of list.querySelectorAll('dd[data-name]')) {
      const value = status[item.dataset.name];
      item.textContent = value;
      item.dataset.good = good[value] ?? '';
    }
  } catch {
    // The next round tries again.
  }
}
const lists = [...document.querySelectorAll('dl[data-slot]')];
const round = () => { if (!document.hidden) lists.forEach(refresh); };
setInterval(round, 5000);
round();
`;

/** A part's hash as a Content-Security-Policy names it: nothing else runs or styles. */
export function cspHash(part: string): string {
  return `'sha256-${createHash('sha256').update(part).digest('base64')}'`;
}
