import { type Html, html, trusted } from './html.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-parts.ts';
import type { ReviewView } from './review-view.ts';
import type { SystemView } from './system-view.ts';
import type { SlotView, TunnelView } from './tunnel-view.ts';

/** The page for a browser: complete without any other resource, and live where scripts may run. */
export function tunnelPage({ title, slots, steps, facts, undo }: TunnelView): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${slots.map(slotSection)}
<h2>What it does</h2>
<ol>${steps.map((step) => html`<li>${step}</li>\n`)}</ol>
<dl>${facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
<p>${undo}</p>
</main>
<script type="module">${trusted(PAGE_SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

function slotSection({ number, heading, systems, review, status }: SlotView): Html {
  return html`<section>
<h2>${heading}</h2>
${systems.map(systemPart)}
${review ? reviewPart(review) : ''}
<h2>Now</h2>
<dl data-slot="${number}" aria-live="polite">
<dt>Key</dt><dd data-name="key">${status.key}</dd>
<dt>Session</dt><dd data-name="session">${status.session}</dd>
<dt>Database</dt><dd data-name="database">${status.database}</dd>
<dt>Reason</dt><dd data-name="reason">${status.reason}</dd>
</dl>
</section>
`;
}

function systemPart({ name, commands }: SystemView): Html {
  return html`<h3>${name}</h3>
${commands.map(({ label, command }) => html`<p>${label}</p>\n<pre>${command}</pre>\n`)}`;
}

function reviewPart({ state, reasons, commands }: ReviewView): Html {
  return html`<h2>For your reviewers</h2>
<p>${state}</p>
<ul>${reasons.map((reason) => html`<li>${reason}</li>\n`)}</ul>
${commands.map(({ label, command }) => html`<p>${label}</p>\n<pre>${command}</pre>\n`)}`;
}
