import {
  type Change,
  changesIn,
  type Diff,
  type DiffNames,
  SECTION_TITLES,
  type Section,
  summaryOf,
  titleOf,
  visible,
} from '../../bundle/index.ts';
import { type Html, html, trusted } from './html.ts';
import { cspHash, PAGE_STYLE } from './page-parts.ts';

/** Values and code are told apart by their edge, not by colour alone: each section has its title. */
const DIFF_STYLE = `${PAGE_STYLE}
body { max-width: 64rem; }
section { border-left: 4px solid var(--line); padding-left: 1rem; }
section[data-section="values"] { border-color: #b58900; }
section[data-section="code"] { border-color: #6c71c4; }
pre { user-select: text; }
ins, del { text-decoration: none; }
ins { color: var(--good); } del { color: var(--bad); }
`;

/** The page needs nothing but its own style. */
export const DIFF_PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${cspHash(DIFF_STYLE)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What changed between two artifacts, for a reviewer: values apart from code. Whatever they hold is shown as text. */
export function diffPage(diff: Diff, { before, after }: DiffNames): string {
  const { sections, changes } = diff;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>What changed</title>
<style>${trusted(DIFF_STYLE)}</style>
</head>
<body>
<main>
<h1>What changed</h1>
<dl><dt>Before</dt><dd><code>${before}</code></dd>
<dt>Now</dt><dd><code>${after}</code></dd></dl>
${
  changes.length === 0
    ? html`<p>They are the same, byte for byte.</p>`
    : html`<ul>${sections.map((section) => html`<li>${summaryOf(diff, section)}</li>\n`)}</ul>`
}
${sections.map((section) => sectionOf(section, changesIn(diff, section)))}
</main>
</body>
</html>
`;
  return page.text;
}

function sectionOf(section: Section, changes: Change[]): Html {
  if (changes.length === 0) return html``;
  return html`<section data-section="${section}">
<h2>${SECTION_TITLES[section]}</h2>
${changes.map((change) => html`<p>${titleOf(change)}</p>\n<pre>${change.lines.map(lineOf)}</pre>\n`)}
</section>
`;
}

function lineOf({ sign, text }: Change['lines'][number]): Html {
  const line = `${sign}${visible(text)}\n`;
  if (sign === '+') return html`<ins>${line}</ins>`;
  return sign === '-' ? html`<del>${line}</del>` : html`${line}`;
}
